import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener, type HttpBindings } from '@hono/node-server';
import { BaseError } from '@skein/core';
import { SHUTDOWN_MS } from '../limits.ts';

export interface Listening {
  readonly url: string;
  readonly server: {
    /** Takes no new requests, lets those under way end, and cuts what is left after some seconds. */
    close(): Promise<void>;
  };
}

/** @throws BaseError `hub/port-in-use` */
export async function listen(
  app: { fetch(request: Request, env: HttpBindings): Response | Promise<Response> },
  { host, port }: { host: string; port: number },
): Promise<Listening> {
  const listener = getRequestListener((request, env) => app.fetch(request, env as HttpBindings));
  const server = createServer((request, response) => void listener(request, response));
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => reject(portInUse(host, port, cause)));
    server.listen(port, host, resolve);
  });
  const { port: bound } = server.address() as AddressInfo;
  const name = host.includes(':') ? `[${host}]` : host;
  return { url: `http://${name}:${bound}`, server: { close: () => closeServer(server) } };
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), SHUTDOWN_MS);
    server.close(() => {
      clearTimeout(cut);
      resolve();
    });
    server.closeIdleConnections();
  });
}

function portInUse(host: string, port: number, cause: Error): BaseError {
  return new BaseError('hub/port-in-use', `The hub can’t listen on ${host}:${port}.`, {
    info: { host, port, reason: (cause as NodeJS.ErrnoException).code },
    hints: ['Choose another port, or stop what listens there.'],
    cause,
  });
}
