// A worker that ticks: browsers slow the timers of hidden pages to one a minute, too slow for the heartbeat.
setInterval(() => postMessage(0), 5000);
