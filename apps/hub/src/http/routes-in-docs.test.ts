import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { HubServices } from '../hub-services.ts';
import { createApp } from './create-app.ts';

const page = readFileSync(new URL('../../../../docs/wire-format.md', import.meta.url), 'utf8');

it('docs/wire-format.md lists every route with its summary', () => {
  // Only described here, never called, so that no route needs its services.
  const app = createApp({} as HubServices);
  const { paths = {} } = app.getOpenAPI31Document({ openapi: '3.1.0', info: { title: '', version: '' } });
  const described = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods as Record<string, { summary: string }>).map(
      ([method, { summary }]) => `| \`${method.toUpperCase()} ${path}\` | ${summary} |`,
    ),
  );
  expect(described.length).toBeGreaterThan(20);
  expect(page.split('\n').filter((line) => /^\| `(GET|PUT|POST) \/\S+` \|/.test(line))).toEqual(described);
});
