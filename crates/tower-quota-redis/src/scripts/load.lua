-- KEYS: head, log, snapshot.
-- ARGV: how it begins if there is none: epoch, state, and its snapshot if there is any.
-- Returns epoch, state, number of the snapshot, its bytes or false, the entries since.
local time = server_time()

local function load()
    local head = redis.call('HMGET', KEYS[1], 'epoch', 'state', 'clock')
    local kept = redis.call('HMGET', KEYS[3], 'number', 'bytes')
    if not head[1] or not kept[1] then
        return
    end
    local number, last, calls, tokens, stops = struct.unpack(STATE, head[2])
    local snapshot = tonumber(kept[1])
    local tail = {}
    if number > snapshot then
        tail = redis.call('XRANGE', KEYS[2], snapshot + 1, number)
    end
    -- The server may have evicted one of the three, or forgotten entries that no snapshot has.
    if #tail ~= number - snapshot then
        return
    end
    local skew, step, used = struct.unpack(CLOCK, head[3])
    -- Always, so that a log that cannot be written is not read either: a replica has it, or a server that is full.
    redis.call('HSET', KEYS[1], 'clock', struct.pack(CLOCK, skew, step, use(time, used)))
    local state = struct.pack(STATE, number, math.max(time + skew, last), calls, tokens, stops)
    return {head[1], state, kept[1], kept[2], tail}
end

local function begin()
    local number, at, calls, tokens, stops = struct.unpack(STATE, ARGV[2])
    local text = string.format('%.0f', number)
    redis.call('DEL', KEYS[1], KEYS[2], KEYS[3])
    redis.call('HSET', KEYS[3], 'number', text)
    if ARGV[3] then
        redis.call('HSET', KEYS[3], 'bytes', ARGV[3])
    end
    -- A clock that is behind does not stand still until it is where the time was.
    local skew = math.max(0, at - time)
    -- Not used yet, so that the first to append notes its use: by then all three are there.
    redis.call('HSET', KEYS[1], 'epoch', ARGV[1], 'state', ARGV[2], 'clock', struct.pack(CLOCK, skew, 0, 0))
    redis.call('PEXPIRE', KEYS[1], 3600000)
    redis.call('PEXPIRE', KEYS[3], 3600000)
    return {ARGV[1], struct.pack(STATE, number, time + skew, calls, tokens, stops), text, ARGV[3] or false, {}}
end

return load() or begin()
