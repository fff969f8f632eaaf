-- How far a reckoning may be off before the clock is taken for set, and how far two such may differ, in microseconds.
local SET, SAME = 2000000, 1000000

-- The time now by the log, given that it was `heard` so long `ago`, or -1 if it never was; then what is to be added to the server's time, and
-- by how much that seems to have been set forward, 0 if it does not.
local function clock(time, skew, step, heard, ago)
    local now = time + skew
    if heard < 0 then
        return now, skew, step
    end
    local expected = heard + ago
    local ahead = now - expected
    if ahead < -SET then
        -- Nobody reckons too far: the clock was set back.
        return expected, skew - ahead, 0
    elseif ahead <= SET then
        return now, skew, 0
    elseif step > 0 and math.abs(ahead - step) <= SAME then
        -- Two in a row. What either was held up by comes on top of the step.
        skew = skew - math.min(ahead, step)
        return math.max(time + skew, expected), skew, 0
    end
    -- It was set forward, or who reckons was held up on the way.
    return expected, skew, ahead
end
