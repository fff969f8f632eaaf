-- KEYS: head, log, snapshot. ARGV: epoch, number, snapshot.
-- Entries so far before the snapshot are kept: whoever is only a little behind need not load it.
local BEHIND = 256
local head = redis.call('HMGET', KEYS[1], 'epoch', 'state')
local number = tonumber(ARGV[2])
if head[1] ~= ARGV[1] or number > struct.unpack(STATE, head[2]) then
    return
end
local kept = redis.call('HGET', KEYS[3], 'number')
if kept and tonumber(kept) >= number then
    return
end
redis.call('HSET', KEYS[3], 'number', ARGV[2], 'bytes', ARGV[3])
redis.call('PEXPIRE', KEYS[3], 3600000)
redis.call('XTRIM', KEYS[2], 'MINID', math.max(0, number + 1 - BEHIND))
