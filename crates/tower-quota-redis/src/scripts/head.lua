-- The head of a log is a hash of three fields: its epoch; its state, "number at calls tokens stops"; and its clock,
-- "skew step used". They are text, for a number that becomes text by itself has 14 digits, and since the state goes
-- as it is to whoever asks or listens.
local function state_text(number, at, calls, tokens, stops)
    return string.format('%.0f %.0f %.0f %.0f %.0f', number, at, calls, tokens, stops)
end

local function clock_text(skew, step, used)
    return string.format('%.0f %.0f %.0f', skew, step, used)
end

local function numbers(text)
    local one, two, three, four, five = string.match(text, '(%S+) (%S+) (%S+) ?(%S*) ?(%S*)')
    return tonumber(one), tonumber(two), tonumber(three), tonumber(four), tonumber(five)
end

-- By the server's clock, in microseconds.
local function server_time()
    local time = redis.call('TIME')
    return time[1] * 1000000 + time[2]
end

-- All that there is of a log is forgotten an hour after its last use. That is noted once a minute, and at once if
-- the clock was set back. Returns when it was noted.
local function use(time, used)
    if time - used < 60000000 and time >= used then
        return used
    end
    for i = 1, 3 do
        redis.call('PEXPIRE', KEYS[i], 3600000)
    end
    return time
end
