-- KEYS: what is forgotten (a record, the floor of a tag or of all), log, lead of a record, floor of all.
-- ARGV: floor's lifetime, what, before, own id, name, most entries of the log, log's lifetime.
local before = ARGV[3]
if ARGV[2] == 'key' then
    local there = redis.call('HGET', KEYS[1], 'version')
    if not there or there < before then
        redis.call('DEL', KEYS[1])
        redis.call('HSET', KEYS[1], 'version', before)
        redis.call('PEXPIRE', KEYS[1], ARGV[1])
    end
    -- The call under way is out of date, so nobody is to wait for it.
    redis.call('DEL', KEYS[3])
else
    local value = redis.call('GET', KEYS[1])
    local floor = value and string.sub(value, 1, 20) or floor_of_all(KEYS[4], ARGV[1])
    if floor < before then
        floor = before
    end
    local lifetime = math.max(ARGV[1], redis.call('PTTL', KEYS[1]))
    redis.call('SET', KEYS[1], floor .. (ARGV[2] == 'tag' and now() or ''), 'PX', lifetime)
end
local number = string.format('%.0f-0', last_number(KEYS[2]) + 1)
redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[6], number, 'what', ARGV[2], 'at', now(), 'name', ARGV[5], 'by', ARGV[4])
redis.call('PEXPIRE', KEYS[2], ARGV[7])
return 1
