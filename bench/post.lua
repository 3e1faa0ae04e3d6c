-- For wrk: posts one body again and again, and ends with one line of JSON.
--   wrk … -s post.lua URL -- BODY_FILE "Name: value" …

function init(arguments)
    wrk.method = "POST"
    local file = assert(io.open(arguments[1], "rb"))
    wrk.body = file:read("*a")
    file:close()
    for index = 2, #arguments do
        local name, value = arguments[index]:match("^([^:]+):%s*(.*)$")
        wrk.headers[name] = value
    end
end

function done(summary, latency, requests)
    local failed = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
    io.write(string.format(
        '\n{"requests_per_s": %.3f, "p50_ms": %.3f, "p99_ms": %.3f, "failed": %d, "refused": %d}\n',
        summary.requests / summary.duration * 1e6, latency:percentile(50) / 1000, latency:percentile(99) / 1000,
        failed, summary.errors.status))
end
