-- Every request is the next line of a file: path, names and values of headers, body, between tabs. Words: the file.
thread_no = 0
local threads, lines, place = 0, {}, 0

function setup(thread)
  thread:set("thread_no", threads)
  threads = threads + 1
end

function init(words)
  local turn = 0
  for line in io.lines(words[1]) do
    -- Each thread takes every other line: a signature is good once.
    if turn % 2 == thread_no then lines[#lines + 1] = line end
    turn = turn + 1
  end
end

function request()
  place = place + 1
  local parts, headers = {}, {}
  for part in string.gmatch(lines[place] or lines[#lines], "[^\t]+") do parts[#parts + 1] = part end
  for step = 2, #parts - 1, 2 do headers[parts[step]] = parts[step + 1] end
  return wrk.format("POST", parts[1], headers, parts[#parts])
end
