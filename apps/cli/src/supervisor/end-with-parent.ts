// Loaded before a supervised program (`node --import`): its standard input is a pipe from the supervisor, which closes
// when the supervisor ends, however it ends. Without this a killed supervisor would leave programs that hold the locks
// of their directories.
process.stdin.on('end', () => process.kill(process.pid, 'SIGTERM'));
process.stdin.on('error', () => process.kill(process.pid, 'SIGTERM'));
process.stdin.resume();
process.stdin.unref();
