-- Every request reads for the next member in turn.
-- Words: file of tokens, rest in ms before each request, which member begins.
-- Set from outside, for each thread another: a local of that name would stay 0 in all of them.
thread_no = 0
local threads, tokens, count, pause, first = 0, {}, 0, 0, 0
-- What stays the same is written once, for the generator shall leave the cores to the measured.
local head = ""

function setup(thread)
  thread:set("thread_no", threads)
  threads = threads + 1
end

function init(words)
  for line in io.lines(words[1]) do tokens[#tokens + 1] = line end
  pause = tonumber(words[2] or "0")
  first = tonumber(words[3] or "0")
  head = "GET " .. wrk.path .. " HTTP/1.1\r\nHost: " .. wrk.headers["Host"] .. "\r\nAuthorization: Bearer "
  math.randomseed(os.time() + thread_no)
  -- A script without this function is not asked before each request, which would cost the generator.
  if pause > 0 then
    delay = function() return math.random(0, 2 * pause) end
  end
end

function request()
  count = count + 1
  return head .. tokens[(first + count * 2 + thread_no) % #tokens + 1] .. "\r\n\r\n"
end
