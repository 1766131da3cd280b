-- Every request reads the wallet of the next member in turn; words: file of tokens.
local threads, tokens, count, thread_no = 0, {}, 0, 0

function setup(thread)
  thread:set("thread_no", threads)
  threads = threads + 1
end

function init(words)
  for line in io.lines(words[1]) do tokens[#tokens + 1] = line end
end

function request()
  count = count + 1
  local token = tokens[(count * 2 + thread_no) % #tokens + 1]
  return wrk.format("GET", nil, { ["Authorization"] = "Bearer " .. token })
end
