-- KEYS: record, floor of all, lead.
-- ARGV: floor's lifetime, prefix of tags, own id, token of the lead or '', lead's lifetime.
local floor = floor_of_all(KEYS[2], ARGV[1])
local record = redis.call('HMGET', KEYS[1], 'version', 'tags', 'beyond', 'body')
local valid = record[4] and record[1] >= floor
if valid and record[2] then
    for tag, seen in pairs(cmsgpack.unpack(record[2])) do
        -- A tag that is gone was evicted: nobody knows what was forgotten with it.
        if redis.call('GET', ARGV[2] .. tag) ~= seen then
            valid = false
            break
        end
    end
end
if valid then
    return {redis.call('PTTL', KEYS[1]), record[3], record[4]}
end
if ARGV[4] == '' then
    return 0
end
local lead = redis.call('GET', KEYS[3])
-- One's own is of an earlier flight, which is not to be joined any more.
if lead and string.sub(lead, 1, #ARGV[3]) ~= ARGV[3] then
    return 2
end
redis.call('SET', KEYS[3], ARGV[4], 'PX', ARGV[5])
return 1
