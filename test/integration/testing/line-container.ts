import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';

/** What a container does wrong; `shaky` gives other bytes at each `aggregate`, as unordered sums do. */
export type Behaviour = 'honest' | 'shaky' | 'garbage-upload' | 'garbage-sum' | 'other-sum' | 'hangs';

/** A container of FLock's interface around a straight line, whose parameters are a text of its own. */
export interface LineContainer {
  /** The address at which it behaves so. */
  url(behaviour: Behaviour): string;
  stop(): void;
}

interface Line {
  readonly slope: number;
  readonly offset: number;
}

interface Asked {
  readonly method: 'train' | 'evaluate' | 'aggregate';
  readonly parameters?: string;
  readonly parameters_list?: readonly string[];
}

/** @param points x and y of this member's data */
export async function startLineContainer(points: readonly (readonly [number, number])[]): Promise<LineContainer> {
  const server = createServer((request, response) => {
    const behaviour = request.url?.split('/')[1] as Behaviour;
    void (async () => {
      const asked = (await json(request)) as Asked;
      if (behaviour === 'hangs' && asked.method === 'aggregate') return;
      response.end(JSON.stringify(answer(points, asked, behaviour)));
    })().catch(() => response.writeHead(500).end());
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: (behaviour) => `http://127.0.0.1:${port}/${behaviour}/call`,
    stop: () => server.close().closeAllConnections(),
  };
}

function answer(points: readonly (readonly [number, number])[], asked: Asked, behaviour: Behaviour): object {
  const { method, parameters, parameters_list: list = [] } = asked;
  switch (method) {
    case 'train': {
      if (behaviour === 'garbage-upload') return { parameters: Buffer.from('nonsense').toString('base64') };
      return {
        parameters: write(descend(points, parameters === undefined ? { slope: 0, offset: 0 } : read(parameters))),
      };
    }
    case 'evaluate': {
      const line = parameters === undefined ? { slope: 0, offset: 0 } : read(parameters);
      return { accuracy: 1 / (1 + squaredError(points, line)) };
    }
    case 'aggregate': {
      const lines = list.map(read);
      const mean = (value: (line: Line) => number) => lines.reduce((sum, line) => sum + value(line), 0) / lines.length;
      const line = { slope: mean(({ slope }) => slope), offset: mean(({ offset }) => offset) };
      if (behaviour === 'garbage-sum') return { parameters: 7 };
      if (behaviour === 'other-sum') return { parameters: write({ ...line, offset: line.offset + 1 }) };
      return { parameters: write(line, behaviour === 'shaky' ? randomBytes(4).toString('hex') : undefined) };
    }
  }
}

/** A few steps of gradient descent on the squared error. */
function descend(points: readonly (readonly [number, number])[], start: Line): Line {
  let { slope, offset } = start;
  for (let step = 0; step < 20; step++) {
    for (const [x, y] of points) {
      const error = slope * x + offset - y;
      slope -= 0.05 * error * x;
      offset -= 0.05 * error;
    }
  }
  return { slope, offset };
}

function squaredError(points: readonly (readonly [number, number])[], { slope, offset }: Line): number {
  return points.reduce((sum, [x, y]) => sum + (slope * x + offset - y) ** 2, 0) / points.length;
}

const write = (line: Line, nonce?: string): string =>
  Buffer.from(`line ${JSON.stringify({ ...line, nonce })}`).toString('base64');

/** @throws SyntaxError for bytes that are no line */
export function readLine(bytes: Uint8Array): Line {
  const text = Buffer.from(bytes).toString('utf8');
  if (!text.startsWith('line ')) throw new SyntaxError('These are no parameters of a line');
  return JSON.parse(text.slice(5)) as Line;
}

const read = (base64: string): Line => readLine(Buffer.from(base64, 'base64'));
