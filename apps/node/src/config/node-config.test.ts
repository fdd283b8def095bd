import { describe, expect, it } from 'vitest';
import { ZodError } from 'zod';
import { assertSafeConfig, nodeConfigSchema } from './node-config.ts';

const config = (changes: object) =>
  nodeConfigSchema.parse({ version: 'node/1', hub: 'https://hub.example', ...changes });

describe('the configuration', () => {
  it('fills in what is usual', () => {
    expect(config({})).toMatchObject({
      roles: ['train', 'evaluate', 'aggregate'],
      rpc: null,
      pins: null,
      allowPlainHttp: false,
    });
  });

  it.each([{ hub: 'ftp://hub.example' }, { roles: [] }, { roles: ['rule'] }, { unknown: 1 }, { data: { 'A b': '.' } }])(
    'refuses %o',
    (changes) => {
      expect(() => config(changes)).toThrow(ZodError);
    },
  );

  it.each([
    [{ hub: 'http://hub.example' }, false],
    [{ rpc: 'http://10.0.0.1:8545' }, false],
    [{ trainers: { mine: { kind: 'http', url: 'http://127.0.0.1.example/call' } } }, false],
    [{ hub: 'http://127.0.0.1:7600', rpc: 'http://localhost:8545' }, true],
    [{ hub: 'http://[::1]:7600' }, true],
    [{ hub: 'http://hub.example', allowPlainHttp: true }, true],
  ])('demands encryption beyond this machine: %o', (changes, isSafe) => {
    const check = () => assertSafeConfig(config(changes));
    if (isSafe) expect(check).not.toThrow();
    else expect(check).toThrow(expect.objectContaining({ code: 'node/plain-http' }));
  });
});
