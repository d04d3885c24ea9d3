"""What the shared budget has Redis do, each in one go."""

# Times are whole microseconds of Redis's own clock, and waits come as lengths of time, so the clocks of the hosts need
# not agree. Only `resets_at` is a moment as Codat wrote it. A pause further ahead than the longest was written before
# Redis's clock was set back: it is none.
CLOCK = """
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local function whole(number) return string.format('%.0f', number) end
local function put(...)
  redis.call('HSET', KEYS[1], ...)
  redis.call('EXPIRE', KEYS[1], ARGV[1])
end
local function sane(moment, longest)
  local at = tonumber(moment) or 0
  return at <= now + longest and at or 0
end
"""

TAKE = (
    CLOCK
    + """
local interval, tolerance, furthest = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local floor, probe, longest = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local takes, may_probe, calls = tonumber(ARGV[8]), ARGV[9] == '1', tonumber(ARGV[10])
local crowd, token, room, lease = KEYS[2], ARGV[11], tonumber(ARGV[12]), tonumber(ARGV[13])
local state = redis.call(
  'HMGET', KEYS[1], 'next', 'paused_until', 'remaining', 'resets_at', 'asked_at', 'is_asking',
  'minute', 'calls', 'before', 'doubted_until', 'limit', 'told_until')
local paused, told = sane(state[2], longest) - now, sane(state[12], longest) - now
local remaining = tonumber(state[3])
local spent = remaining and remaining <= floor and (tonumber(state[4]) or 0) > now
  and (tonumber(state[10]) or 0) <= now
local stopped = paused > 0 and 'paused' or spent and 'quota'
if stopped then
  local since = math.max(now - (tonumber(state[5]) or 0), 0)
  local wait = (state[6] == '1' and since < takes and takes or probe) - since
  wait = math.max(wait, told)
  if not spent then wait = math.min(wait, paused) end
  if wait > 0 or not may_probe then return {stopped, whole(wait)} end
end
local due = tonumber(state[1]) or 0
if due < now or due > now + furthest then due = now end
if calls > 0 and due - now > tolerance then return {'pace', whole(due - now - tolerance)} end
if crowd then
  redis.call('ZREMRANGEBYSCORE', crowd, '-inf', whole(now))
  redis.call('ZREMRANGEBYSCORE', crowd, '(' .. whole(now + lease), '+inf')
  if redis.call('ZCARD', crowd) >= room then return {'crowd', ARGV[14]} end
  redis.call('ZADD', crowd, whole(now + lease), token)
  redis.call('PEXPIRE', crowd, whole(lease / 1000))
end
local minute, last = math.floor(now / 60000000), tonumber(state[7]) or 0
local made, before = tonumber(state[8]) or 0, tonumber(state[9]) or 0
if last ~= minute then made, before = 0, last == minute - 1 and made or 0 end
put('next', whole(due + calls * interval),
  'minute', whole(minute), 'calls', whole(made + calls), 'before', whole(before))
if stopped then
  put('asked_at', whole(now), 'is_asking', '1',
    'asked_left', spent and state[3] or '', 'asked_limit', spent and state[11] or '')
end
return {stopped and 'probe' or 'go', '0'}
"""
)

HEARD = (
    CLOCK
    + """
if KEYS[2] then redis.call('ZREM', KEYS[2], ARGV[2]) end
if #ARGV < 3 then return end
local reset, day = tonumber(ARGV[3]), 86400 * 1000000
if not reset or reset > now + tonumber(ARGV[4]) then reset = (math.floor(now / day) + 1) * day end
redis.call('HDEL', KEYS[1], 'limit', 'remaining')
for i = 5, #ARGV, 2 do put(ARGV[i], ARGV[i + 1]) end
put('resets_at', whole(reset), 'asked_at', whole(now), 'is_asking', '0')
"""
)

SLOW_DOWN = (
    CLOCK
    + """
local wait, longest = tonumber(ARGV[2]), tonumber(ARGV[3])
local function put_off(name, seconds)
  put(name, whole(math.max(sane(redis.call('HGET', KEYS[1], name), longest), now + seconds)))
end
if wait then put_off('told_until', wait) end
put_off('paused_until', wait or longest)
put('asked_at', whole(now), 'is_asking', '0')
"""
)

# By Codat's later word a time that it said before need not hold any more, but for the last minute of it. Who is asked
# just now need not be asked again.
ASK_SOON = (
    CLOCK
    + """
local state = redis.call('HMGET', KEYS[1], 'paused_until', 'asked_at')
local paused, since = (tonumber(state[1]) or 0) - now, now - (tonumber(state[2]) or 0)
if paused > 0 and paused <= tonumber(ARGV[2]) or since < tonumber(ARGV[3]) then return end
redis.call('HDEL', KEYS[1], 'asked_at', 'is_asking', 'told_until')
"""
)

RESUME = (
    CLOCK
    + """
local told = sane(redis.call('HGET', KEYS[1], 'told_until'), tonumber(ARGV[2]))
if told > now then put('paused_until', whole(told)) else redis.call('HDEL', KEYS[1], 'paused_until') end
if redis.call('HGET', KEYS[1], 'remaining') == '0' then redis.call('HDEL', KEYS[1], 'remaining') end
return redis.call('HMGET', KEYS[1], 'asked_limit', 'asked_left')
"""
)

DOUBT = (
    CLOCK
    + """
put('doubted_until', redis.call('HGET', KEYS[1], 'resets_at') or whole(now))
"""
)

STATE = (
    CLOCK
    + """
local state = redis.call(
  'HMGET', KEYS[1], 'limit', 'remaining', 'resets_at', 'paused_until', 'doubted_until',
  'minute', 'calls', 'before')
state[4] = whole(sane(state[4], tonumber(ARGV[2])))
return {whole(now), redis.call('EXISTS', KEYS[1]), unpack(state, 1, 8)}
"""
)
