-- Every request is the next line of a file: path, names and values of headers, body, between tabs. Words: the file.
thread_no = 0
local threads, requests, place = 0, {}, 0

function setup(thread)
  thread:set("thread_no", threads)
  threads = threads + 1
end

function init(words)
  local turn = 0
  for line in io.lines(words[1]) do
    -- Each thread takes every other line: a signature is good once.
    if turn % 2 == thread_no then requests[#requests + 1] = written(line) end
    turn = turn + 1
  end
end

-- Written before the clock runs, for the generator shall leave the cores to the measured.
function written(line)
  local parts, headers = {}, {}
  for part in string.gmatch(line, "[^\t]+") do parts[#parts + 1] = part end
  for step = 2, #parts - 1, 2 do headers[parts[step]] = parts[step + 1] end
  return wrk.format("POST", parts[1], headers, parts[#parts])
end

function request()
  place = place + 1
  return requests[place] or requests[#requests]
end
