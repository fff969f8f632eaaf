-- KEYS: leads. ARGV: their lifetime, 0 ends them; then the token of each.
for number, lead in ipairs(KEYS) do
    if redis.call('GET', lead) == ARGV[number + 1] then
        if ARGV[1] == '0' then
            redis.call('DEL', lead)
        else
            redis.call('PEXPIRE', lead, ARGV[1])
        end
    end
end
