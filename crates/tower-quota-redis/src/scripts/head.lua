-- The head of a log is a hash of three fields: its epoch, as 8 bytes that are only compared; its state: number, time,
-- calls, tokens, stops; and its clock: skew, step, when its use was noted. The numbers are packed as the floats that
-- they are in Lua, since text takes longer than all the rest, and goes wrong after 14 digits unless it is told. They
-- go as they are to whoever asks or listens.
local STATE, CLOCK = '<ddddd', '<ddd'

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
