-- KEYS: head, log, snapshot.
-- ARGV: epoch, number seen, stamp heard or '', how long ago, 1 if it is a stop, facts; then for a claim its calls,
-- tokens, the most calls and tokens before it, stops, bytes.
-- Returns false if it is another log or one that is to be loaded; else its state, what was appended (0: nothing, 1:
-- facts, 2: a claim, too) and the entries between what was seen and that.
local MOST_BEHIND, MOST_KEPT = 1024, 16384
local head = redis.call('HMGET', KEYS[1], 'epoch', 'state', 'clock')
if head[1] ~= ARGV[1] then
    return false
end
local number, last, calls, tokens, stops = numbers(head[2])
local seen = tonumber(ARGV[2])
local tail = {}
if seen ~= number then
    if seen > number or number - seen > MOST_BEHIND then
        return false
    end
    tail = redis.call('XRANGE', KEYS[2], seen + 1, number)
    if #tail ~= number - seen then
        return false
    end
end

local time = server_time()
local skew, step, used = numbers(head[3])
local now, new_skew, new_step = clock(time, skew, step, tonumber(ARGV[3]), tonumber(ARGV[4]))
local at = math.max(now, last)
local claims = ARGV[7] and calls <= tonumber(ARGV[9]) and tokens <= tonumber(ARGV[10]) and stops == tonumber(ARGV[11])
local is_stop, facts = ARGV[5] == '1', ARGV[6]

local state, what = nil, 0
if claims or is_stop or facts ~= '' then
    number = number + 1
    local id, stamp = string.format('%.0f-0', number), string.format('%.0f', at)
    local claim = ''
    if claims then
        what, claim = 2, ARGV[12]
        calls, tokens = calls + ARGV[7], tokens + ARGV[8]
        redis.call('XADD', KEYS[2], id, 'at', stamp, 'facts', facts, 'claim', claim)
    else
        what = 1
        redis.call('XADD', KEYS[2], id, 'at', stamp, 'facts', facts)
    end
    -- A log that nobody makes a snapshot of does not grow for ever.
    if number % MOST_BEHIND == 0 then
        redis.call('XTRIM', KEYS[2], 'MAXLEN', '~', MOST_KEPT)
    end
    if is_stop then
        stops = stops + 1
    end
    state = state_text(number, at, calls, tokens, stops)
    redis.call('HSET', KEYS[1], 'state', state)
    redis.call('PUBLISH', KEYS[2], ARGV[1] .. ' ' .. state .. (claims and ' 2 ' or ' 1 ') .. #facts .. ' ' .. facts .. claim)
else
    state = state_text(number, at, calls, tokens, stops)
end

local new_used = use(time, used)
if new_skew ~= skew or new_step ~= step or new_used ~= used then
    redis.call('HSET', KEYS[1], 'clock', clock_text(new_skew, new_step, new_used))
end
return {state, what, tail}
