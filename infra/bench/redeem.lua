-- Every request redeems for another order by the next member in turn; words: file of tokens, name of the run.
local threads, tokens, count, thread_no, run = 0, {}, 0, 0, ""

function setup(thread)
  thread:set("thread_no", threads)
  threads = threads + 1
end

function init(words)
  for line in io.lines(words[1]) do tokens[#tokens + 1] = line end
  run = words[2]
end

function request()
  count = count + 1
  -- Threads take turns from both ends of the list, so that neighbours in time are different members.
  local place = thread_no == 0 and count or (#tokens - count)
  local token = tokens[place % #tokens + 1]
  local order = run .. "-" .. thread_no .. "-" .. count
  local headers = {
    ["Content-Type"] = "application/json",
    ["Authorization"] = "Bearer " .. token,
    ["Idempotency-Key"] = order,
  }
  local body = '{"unit":"hotel","order_no":"' .. order .. '","price_fen":600,"pay_fen":300}'
  return wrk.format("POST", nil, headers, body)
end
