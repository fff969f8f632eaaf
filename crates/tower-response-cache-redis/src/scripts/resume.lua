-- KEYS: log. ARGV: log's lifetime, the number after which to read or '', for how many microseconds nothing was
-- heard.
-- Returns the number after which to read, and 1 if the log has all that came after it.
local log = KEYS[1]
local last = last_number(log)
redis.call('PEXPIRE', log, ARGV[1])
local function number_of(entry)
    return tonumber(string.match(entry[1], '%d+'))
end
local first = redis.call('XRANGE', log, '-', '+', 'COUNT', 1)[1]
if ARGV[2] ~= '' then
    -- An earlier end than what was read is that of a replica that had not got all of it.
    local read = tonumber(ARGV[2])
    local whole = number_of(first) <= read + 1 and read <= last
    return {string.format('%.0f', whole and read or last), whole and 1 or 0}
end
-- Who has read nothing yet needs what came since it has begun. A log that was made since had nothing before.
local since = string.format('%020.0f', tonumber(now()) - ARGV[3])
local from, whole = last, 0
for _, entry in ipairs(redis.call('XREVRANGE', log, '+', '-')) do
    from = number_of(entry)
    if entry[2][2] == 'start' or entry[2][4] < since then
        whole = 1
        break
    end
end
return {string.format('%.0f', whole == 1 and from or last), whole}
