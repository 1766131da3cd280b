-- Every request redeems for another order by the next member in turn.
-- Words: file of tokens, name of the run, units to redeem at (a,b,c), rest in ms before each request, name of the
-- wish, which member begins.
-- Set from outside, for each thread another: a local of that name would stay 0 in all of them.
thread_no = 0
local threads, tokens, units, count, run, pause, first, wish = 0, {}, {}, 0, "", 0, 0, "pay_fen"
-- The parts of a request that stay the same: written once, for the generator shall leave the cores to the measured.
local head, tail = "", ""

function setup(thread)
  thread:set("thread_no", threads)
  threads = threads + 1
end

function init(words)
  for line in io.lines(words[1]) do tokens[#tokens + 1] = line end
  run = words[2]
  for unit in string.gmatch(words[3] or "hotel", "[^,]+") do units[#units + 1] = unit end
  pause = tonumber(words[4] or "0")
  wish = words[5] or wish
  math.randomseed(os.time() + thread_no)
  -- Each run goes on where the last one ended, so that all have used as much of their points.
  first = tonumber(words[6] or "0")
  head = "POST " .. wrk.path .. " HTTP/1.1\r\nHost: " .. wrk.headers["Host"]
    .. "\r\nContent-Type: application/json\r\nAuthorization: Bearer "
  tail = '","price_fen":600,"' .. wish .. '":300}'
  -- A script without this function is not asked before each request, which would cost the generator.
  if pause > 0 then
    delay = function() return math.random(0, 2 * pause) end
  end
end

function request()
  count = count + 1
  -- Threads take turns member by member, so that neighbours in time are different ones.
  local place = first + 2 * count + thread_no
  local token = tokens[place % #tokens + 1]
  local order = run .. "-" .. thread_no .. "-" .. count
  local body = '{"unit":"' .. units[count % #units + 1] .. '","order_no":"' .. order .. tail
  return head .. token .. "\r\nIdempotency-Key: " .. order .. "\r\nContent-Length: " .. #body .. "\r\n\r\n" .. body
end
