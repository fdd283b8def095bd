import { readAnchor } from '@skein/chain';
import { BaseError, digestOfBytes, parseNoteKey } from '@skein/core';
import { connectNode } from '../alliance/connect-node.ts';
import { NODE_OPTIONS } from '../alliance/node-options.ts';
import { readLog } from '../alliance/read-log.ts';
import { defineCommand } from '../command.ts';
import { formatFields } from '../format-table.ts';
import type { Progress } from '../progress.ts';

export const logVerify = defineCommand({
  name: 'log verify',
  summary: "read the hub's whole log, recompute it, and hold it against the chain",
  description: [
    'Checks the log’s signature on every entry and on the checkpoint, computes the Merkle root anew (RFC 9162), and ' +
      'compares it with the anchor that the hub’s operator wrote on the chain.',
  ],
  options: NODE_OPTIONS,
  examples: [{ line: 'skein log verify', does: "verifies the log of the node's hub" }],
  async run({ directory }, { signal, terminal }) {
    const { hub, chain, info } = await connectNode(directory, signal);
    const key = parseNoteKey(info.logKey);
    let bar: Progress | undefined;
    const onProgress = (done: number, total: number): void => {
      bar ??= terminal.progress({ label: 'log', unit: 'entries', total });
      bar.update(done);
    };
    const log = await readLog(hub, key, { signal, onProgress }).finally(() => bar?.end());
    const origin = digestOfBytes(new TextEncoder().encode(key.name));
    const anchor = await readAnchor(chain, info.operator as `0x${string}`, origin);
    if (anchor !== undefined && (anchor.size > log.size || log.rootAt(anchor.size) !== anchor.root)) {
      const message = `The chain has an anchor of ${anchor.size} entries under ${anchor.root}, which this log does not continue.`;
      throw new BaseError('cli/log-anchor', message, { info: { anchor }, hints: ['Do not trust this hub.'] });
    }
    const json = { origin: key.name, size: log.size, root: log.root, anchor: anchor ?? null };
    const text = formatFields([
      ['log', key.name],
      ['entries', String(log.size)],
      ['root', log.root],
      [
        'anchored on the chain',
        anchor === undefined
          ? 'not yet'
          : `${anchor.size} entries, ${new Date(anchor.anchoredAt * 1000).toISOString()}`,
      ],
      ['verified', 'signatures, root, anchor'],
    ]);
    return { json, text };
  },
});
