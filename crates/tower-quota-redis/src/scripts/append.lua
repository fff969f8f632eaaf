-- KEYS: head, log, snapshot.
-- ARGV: epoch; packed numbers: number seen, time heard or -1, how long ago, a claim's calls and tokens, the most calls
-- and tokens before it, stops; 1 if it is a stop; facts; the claim's bytes if there is one.
-- Returns false if it is another log or one that is to be loaded; else its state, what was appended (0: nothing, 1:
-- facts, 2: a claim, too) and the entries between what was seen and that.
local MOST_BEHIND, MOST_KEPT = 1024, 16384
local head = redis.call('HMGET', KEYS[1], 'epoch', 'state', 'clock')
if head[1] ~= ARGV[1] then
    return false
end
local number, last, calls, tokens, stops = struct.unpack(STATE, head[2])
local seen, heard, ago, claimed_calls, claimed_tokens, most_calls, most_tokens, stops_seen =
    struct.unpack('<dddddddd', ARGV[2])
local tail = {}
if seen ~= number then
    if number - seen > MOST_BEHIND then
        return false
    end
    -- Too few if some are forgotten, and none if the log is behind what was seen.
    tail = redis.call('XRANGE', KEYS[2], seen + 1, number)
    if #tail ~= number - seen then
        return false
    end
end

local time = server_time()
local skew, step, used = struct.unpack(CLOCK, head[3])
local now, new_skew, new_step = clock(time, skew, step, heard, ago)
local at = math.max(now, last)
local is_stop, facts, claim = ARGV[3] == '1', ARGV[4], ARGV[5]
local claims = claim and calls <= most_calls and tokens <= most_tokens and stops == stops_seen

local what = 0
if claims or is_stop or facts ~= '' then
    number = number + 1
    local id, stamp = string.format('%.0f-0', number), struct.pack('<d', at)
    if claims then
        what = 2
        calls, tokens = calls + claimed_calls, tokens + claimed_tokens
        redis.call('XADD', KEYS[2], id, 'at', stamp, 'facts', facts, 'claim', claim)
    else
        what, claim = 1, ''
        redis.call('XADD', KEYS[2], id, 'at', stamp, 'facts', facts)
    end
    -- A log that nobody makes a snapshot of does not grow for ever.
    if number % MOST_BEHIND == 0 then
        redis.call('XTRIM', KEYS[2], 'MAXLEN', '~', MOST_KEPT)
    end
    if is_stop then
        stops = stops + 1
    end
end
local state = struct.pack(STATE, number, at, calls, tokens, stops)
if what > 0 then
    redis.call('HSET', KEYS[1], 'state', state)
    redis.call('PUBLISH', KEYS[2], ARGV[1] .. state .. struct.pack('<dd', what, #facts) .. facts .. claim)
end

local new_used = use(time, used)
if new_skew ~= skew or new_step ~= step or new_used ~= used then
    redis.call('HSET', KEYS[1], 'clock', struct.pack(CLOCK, new_skew, new_step, new_used))
end
return {state, what, tail}
