import { type Logger, pino } from 'pino';

export type { Logger };

/** What must never stand in a log, should somebody hand it over: keys, tokens, signatures, bodies of messages. */
const SECRET = ['privateKey', 'key', 'authorization', 'cookie', 'signature', 'body', 'databaseUrl'];

/** JSON lines on stderr: stdout belongs to the line that says that the hub is ready. */
export function createLogger(level: string): Logger {
  const paths = SECRET.flatMap((name) => [name, `*.${name}`]);
  const serializers = { error: pino.stdSerializers.err };
  return pino({ level, redact: paths, serializers, base: { name: 'hub' } }, pino.destination({ dest: 2, sync: true }));
}
