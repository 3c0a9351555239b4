/** Ticks in a worker: browsers slow the timers of hidden tabs down to one a minute, but not these. */
let timer: ReturnType<typeof setInterval> | undefined;

onmessage = (event: MessageEvent<number>) => {
  clearInterval(timer);
  if (event.data > 0) timer = setInterval(() => postMessage(0), event.data);
};
