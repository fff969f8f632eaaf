-- 20 digits, which compare as strings.
local function now()
    local time = redis.call('TIME')
    return string.format('%014d%06d', time[1], time[2])
end

-- The version below which nothing is of use. Without one the server was emptied, or has never been used: what
-- was forgotten before is not known any more, so whatever began before now is refused.
local function floor_of_all(name, lifetime)
    local floor = redis.call('GET', name)
    if not floor then
        floor = now()
        redis.call('SET', name, floor, 'PX', lifetime)
    end
    return floor
end
