-- KEYS: record, floor of all, lead.
-- ARGV: floor's lifetime, prefix of tags, token of the lead or '', version, lifetime, lifetime beyond that, body,
-- tags.
local floor = floor_of_all(KEYS[2], ARGV[1])
local version = ARGV[4]
local there = redis.call('HGET', KEYS[1], 'version')
local taken = version >= floor and (not there or version >= there)
local seen = {}
for i = 8, #ARGV do
    local value = redis.call('GET', ARGV[2] .. ARGV[i])
    taken = taken and (not value or version >= string.sub(value, 1, 20))
    -- The second half tells a tag from an earlier one of that name, which was evicted.
    seen[ARGV[i]] = value or (floor .. now())
end
if taken then
    -- Whatever a record is compared with outlives it.
    local lifetime = ARGV[5] + ARGV[1]
    redis.call('PEXPIRE', KEYS[2], lifetime, 'GT')
    for tag, value in pairs(seen) do
        redis.call('SET', ARGV[2] .. tag, value, 'PX', lifetime, 'NX')
        redis.call('PEXPIRE', ARGV[2] .. tag, lifetime, 'GT')
    end
    redis.call('DEL', KEYS[1])
    redis.call('HSET', KEYS[1], 'version', version, 'beyond', ARGV[6], 'body', ARGV[7])
    if next(seen) then
        redis.call('HSET', KEYS[1], 'tags', cmsgpack.pack(seen))
    end
    redis.call('PEXPIRE', KEYS[1], ARGV[5])
end
if ARGV[3] ~= '' and redis.call('GET', KEYS[3]) == ARGV[3] then
    redis.call('DEL', KEYS[3])
end
return taken and 1 or 0
