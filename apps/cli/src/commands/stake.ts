import {
  gasBalance,
  owed,
  readBond,
  readUnbonding,
  requestUnbond,
  STAKING_ROLES,
  stake,
  tokenBalance,
  withdrawPayout,
  withdrawUnbonded,
} from '@skein/chain';
import { connectNode } from '../alliance/connect-node.ts';
import { formatTokens, parseTokens } from '../alliance/format-tokens.ts';
import { NODE_OPTIONS } from '../alliance/node-options.ts';
import { defineCommand } from '../command.ts';
import { formatFields } from '../format-table.ts';
import { fundAccount } from '../local/fund-account.ts';
import { UsageError } from '../usage-error.ts';

const OPTIONS = {
  ...NODE_OPTIONS,
  account: { kind: 'text', value: 'ADDRESS', help: 'An older account; by default the current one' },
} as const;
const ROLE = { kind: 'choice', choices: STAKING_ROLES, default: 'trainer', help: 'What the bond stands for' } as const;
const AMOUNT = { kind: 'text', value: 'N', required: true, help: 'In tokens, such as 12.5' } as const;

export const stakeStatus = defineCommand({
  name: 'stake status',
  summary: "an account's money: gas, tokens, bonds, what alliances owe it",
  description: ['Bonds are behind the account; alliances lock a part of them until the account leaves.'],
  options: OPTIONS,
  examples: [{ line: 'skein stake status', does: "shows the node's money" }],
  async run({ directory, account }, { signal }) {
    const { chain, address } = await connectNode(directory, signal, account);
    const [gas, tokens, due, unbonding] = await Promise.all([
      gasBalance(chain, address),
      tokenBalance(chain, address),
      owed(chain, address),
      readUnbonding(chain, address),
    ]);
    const bonds = await Promise.all(
      STAKING_ROLES.map(async (role) => ({ role, ...(await readBond(chain, address, role)) })),
    );
    const json = {
      address,
      gasWei: gas.toString(),
      tokens: tokens.toString(),
      owed: due.toString(),
      bonds: bonds.map(({ role, own, locked, total }) => ({
        role,
        own: `${own}`,
        locked: `${locked}`,
        total: `${total}`,
      })),
      unbonding: unbonding.map((each) => ({ ...each, amount: each.amount.toString() })),
    };
    const text = formatFields([
      ['account', address],
      ['gas', formatTokens(gas)],
      ['tokens', formatTokens(tokens)],
      ['owed by alliances', formatTokens(due)],
      ...bonds.map(
        ({ role, own, locked }) => [`bond as ${role}`, `${formatTokens(own)}, ${formatTokens(locked)} locked`] as const,
      ),
      ...unbonding.map(
        ({ role, amount, claimableAt }) =>
          [`leaving as ${role}`, `${formatTokens(amount)} from ${new Date(claimableAt * 1000).toISOString()}`] as const,
      ),
    ]);
    return { json, text };
  },
});

export const stakeFund = defineCommand({
  name: 'stake fund',
  summary: 'play money from the embedded development chain',
  description: ['Only the embedded chain gives money away. Elsewhere, send gas money and tokens to the account.'],
  options: OPTIONS,
  examples: [{ line: 'skein stake fund', does: 'fills the account up' }],
  async run({ directory, account }, { signal }) {
    const { chain, address } = await connectNode(directory, signal, account);
    await fundAccount(chain.rpcUrl, address, signal);
    const tokens = await tokenBalance(chain, address);
    return { json: { tokens: tokens.toString() }, text: `${address} has ${formatTokens(tokens)} tokens.` };
  },
});

export const stakeAdd = defineCommand({
  name: 'stake add',
  summary: 'put tokens behind the account',
  description: ['A bond can be lost for proved faults only (docs/threat-model.md). Unlocked parts can be asked back.'],
  options: { ...OPTIONS, role: ROLE, amount: AMOUNT },
  examples: [{ line: 'skein stake add --amount 100', does: 'bonds 100 tokens as trainer' }],
  async run({ directory, account, role, amount }, { signal }) {
    const { chain, address } = await connectNode(directory, signal, account);
    const { own } = await readBond(chain, address, role);
    const wanted = own + readAmount(amount);
    await stake(chain, { role, amount: wanted, signal });
    return { json: { role, own: wanted.toString() }, text: `The bond as ${role} is ${formatTokens(wanted)}.` };
  },
});

export const stakeWithdraw = defineCommand({
  name: 'stake withdraw',
  summary: 'take money back: earnings, and bonds after their delay',
  description: [
    'Without --amount it pays out what alliances owe and every bond whose delay is over. With --amount it asks that much ' +
      'of a bond back; it can still be lost during the delay, and is paid out by a later call.',
  ],
  options: { ...OPTIONS, role: ROLE, amount: { ...AMOUNT, required: false } },
  examples: [
    { line: 'skein stake withdraw --amount 100', does: 'asks 100 tokens of the trainer bond back' },
    { line: 'skein stake withdraw', does: 'pays out earnings and what is due' },
  ],
  async run({ directory, account, role, amount }, { signal }) {
    const { chain, address } = await connectNode(directory, signal, account);
    if (amount !== undefined) {
      const { own } = await readBond(chain, address, role);
      const remaining = own - readAmount(amount);
      if (remaining < 0n) {
        throw new UsageError('cli/bad-value', `The bond as ${role} is ${formatTokens(own)}, less than ${amount}.`);
      }
      await requestUnbond(chain, { role, remaining, signal });
      return {
        json: { role, own: remaining.toString() },
        text: `Asked ${amount} back; the bond as ${role} is ${formatTokens(remaining)}.`,
      };
    }
    const due = await owed(chain, address);
    if (due > 0n) await withdrawPayout(chain, { signal });
    const now = Number((await chain.client.getBlock()).timestamp);
    const ripe = (await readUnbonding(chain, address)).filter(({ claimableAt }) => claimableAt <= now);
    for (const { request } of ripe) await withdrawUnbonded(chain, { request, signal });
    const bonds = ripe.reduce((sum, each) => sum + each.amount, 0n);
    return {
      json: { earnings: due.toString(), bonds: bonds.toString() },
      text: `Paid out ${formatTokens(due)} of earnings and ${formatTokens(bonds)} of bonds.`,
    };
  },
});

function readAmount(text: string): bigint {
  const amount = parseTokens(text);
  if (amount !== null && amount > 0n) return amount;
  throw new UsageError('cli/bad-value', `--amount expects a number of tokens above 0, got "${text}".`);
}
