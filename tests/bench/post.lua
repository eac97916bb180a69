-- The load of http_bench.c: an Alertmanager-like POST of 1.45 KB.
wrk.method = "POST"
wrk.path = "/sources/prometheus"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["User-Agent"] = "Alertmanager/0.28.1"
wrk.body = '{"alerts":"' .. string.rep("x", 1437) .. '"}'
