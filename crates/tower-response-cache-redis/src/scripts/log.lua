-- Entries have consecutive numbers, so that a reader knows whether it has missed one. A new log begins with the
-- time in microseconds, beyond all numbers that an earlier one can have had.
local function last_number(log)
    local last = redis.call('XREVRANGE', log, '+', '-', 'COUNT', 1)[1]
    if not last then
        last = {redis.call('XADD', log, now() .. '-0', 'what', 'start', 'at', now())}
    end
    return tonumber(string.match(last[1], '%d+'))
end
