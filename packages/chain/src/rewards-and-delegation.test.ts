import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { digestOfJson } from '@skein/core';
import { type Address, concat, encodeAbiParameters, erc20Abi, type Hex, keccak256, zeroHash } from 'viem';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  claimedRewards,
  claimRewards,
  createChain,
  delegate,
  fundRewards,
  joinAlliance,
  proposeRewards,
  readBond,
  readDelegation,
  readRewardRoots,
  readUnbonding,
  stakeWithPermit,
  tokenBalance,
  undelegate,
  vetoRewards,
  withdrawUnbonded,
  createAlliance,
} from './index.ts';
import { deployContracts, type DevelopmentChain, startDevelopmentChain } from './node/index.ts';
import { newParties, newParty, type Party, paramsOf, unit } from './testing/parties.ts';

let directory = '';
let development: DevelopmentChain;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'skein-rewards-'));
  development = await startDevelopmentChain({ directory, port: 0, unbondSeconds: 0 });
});
afterAll(async () => {
  await development.stop();
  await rm(directory, { recursive: true });
});

const leafOf = (account: Address, total: bigint): Hex =>
  keccak256(keccak256(encodeAbiParameters([{ type: 'address' }, { type: 'uint256' }], [account, total])));
const nodeOf = (...pair: [Hex, Hex]): Hex => keccak256(concat(pair.toSorted()));

describe('rewards', () => {
  /** Contracts of the publisher's own, whose roots take effect after so long. */
  async function rewardsOf(publisher: Party, rewardActivationSeconds: number, name: string) {
    const { rpcUrl } = development;
    const bookFile = join(directory, `${name}.json`);
    const { token } = development.book;
    const book = await deployContracts({
      rpcUrl,
      account: publisher.account,
      bookFile,
      token,
      rewardActivationSeconds,
    });
    const chainOf = ({ account }: Party) => createChain({ rpcUrl, book, account, pollingIntervalMs: 10 });
    return { book, chainOf };
  }

  it('are claimed by proof, each unit once, and roots follow each other', async () => {
    const [publisher, one, two] = (await newParties(development, 3)) as [Party, Party, Party];
    const { chainOf } = await rewardsOf(publisher, 0, 'at-once');
    const chain = chainOf(publisher);
    await fundRewards(chain, { amount: 100n * unit });
    const leaves = [leafOf(one.account.address, 30n * unit), leafOf(two.account.address, 20n * unit)] as const;
    const root = nodeOf(...leaves);
    const proposal = { expected: zeroHash, root, leaves: digestOfJson('leaves') };
    expect(await proposeRewards(chain, proposal)).toMatchObject({ status: 'mined' });
    expect(await proposeRewards(chain, proposal)).toEqual({ status: 'already' });
    expect(await readRewardRoots(chain)).toEqual({ active: root, pending: null });

    const own = chainOf(one);
    const before = await tokenBalance(own, one.account.address);
    const claim = { total: 30n * unit, root, proof: [leaves[1]] };
    await expect(claimRewards(own, { ...claim, proof: [leaves[0]] })).rejects.toMatchObject({
      code: 'chain/bad-proof',
    });
    await expect(claimRewards(own, { ...claim, root: zeroHash })).rejects.toMatchObject({
      code: 'chain/unexpected-root',
    });
    expect(await claimRewards(own, claim)).toMatchObject({ status: 'mined' });
    expect(await claimRewards(own, claim)).toEqual({ status: 'already' });
    expect((await tokenBalance(own, one.account.address)) - before).toBe(30n * unit);
    // Anybody may send it for somebody else.
    const { address } = two.account;
    await claimRewards(own, { account: address, total: 20n * unit, root, proof: [leaves[0]] });
    expect(await claimedRewards(own, address)).toBe(20n * unit);
  });

  it('can be vetoed before they take effect, by who may', async () => {
    const [publisher, stranger] = (await newParties(development, 2)) as [Party, Party];
    const { chainOf } = await rewardsOf(publisher, 1000, 'later');
    const chain = chainOf(publisher);
    const root = leafOf(stranger.account.address, unit);
    const proposal = { expected: zeroHash, root, leaves: digestOfJson('leaves') };
    const unauthorized = { code: 'chain/not-authorized' };
    await expect(proposeRewards(chainOf(stranger), proposal)).rejects.toMatchObject(unauthorized);
    await proposeRewards(chain, proposal);
    expect(await readRewardRoots(chain)).toMatchObject({ active: zeroHash, pending: { root } });
    await expect(vetoRewards(chainOf(stranger))).rejects.toMatchObject(unauthorized);
    await vetoRewards(chain);
    expect(await readRewardRoots(chain)).toEqual({ active: zeroHash, pending: null });
    expect(await vetoRewards(chain)).toEqual({ status: 'already' });
  });
});

describe('a delegation', () => {
  it('stands behind the operator, lets it join nothing, and comes back', async () => {
    const [creator, operator, delegator] = (await newParties(development, 3)) as [Party, Party, Party];
    const { address } = operator.account;
    const bond = { operator: address, role: 'trainer' } as const;
    const mine = { ...bond, delegator: delegator.account.address };
    const atFirst = await tokenBalance(delegator.chain, delegator.account.address);
    await delegate(delegator.chain, { ...bond, amount: 40n * unit });
    expect(await delegate(delegator.chain, { ...bond, amount: 40n * unit })).toEqual({ status: 'already' });
    expect(await readDelegation(delegator.chain, mine)).toBe(40n * unit);
    expect(await readBond(operator.chain, address, 'trainer')).toMatchObject({ total: 40n * unit, own: 0n });
    const alliance = await createAlliance(creator.chain, { params: paramsOf(development, 'delegated') });
    await expect(joinAlliance(operator.chain, { alliance })).rejects.toMatchObject({ code: 'chain/insufficient-bond' });

    await undelegate(delegator.chain, { ...bond, remaining: 10n * unit });
    const [request] = await readUnbonding(delegator.chain, delegator.account.address);
    expect(request).toMatchObject({ operator: address, amount: 30n * unit });
    await withdrawUnbonded(delegator.chain, { request: request!.request });
    expect(await tokenBalance(delegator.chain, delegator.account.address)).toBe(atFirst - 10n * unit);
  });
});

describe('a stake by permit', () => {
  it('needs one transaction and leaves no allowance', async () => {
    const { chain, account } = await newParty(development);
    const { address } = account;
    const sent = () => chain.client.getTransactionCount({ address });
    const before = await sent();
    expect(await stakeWithPermit(chain, { role: 'trainer', amount: 25n * unit })).toMatchObject({ status: 'mined' });
    expect((await sent()) - before).toBe(1);
    expect(await readBond(chain, address, 'trainer')).toMatchObject({ own: 25n * unit });
    const { token, staking } = development.book;
    const allowance = { address: token, abi: erc20Abi, functionName: 'allowance', args: [address, staking] } as const;
    expect(await chain.client.readContract(allowance)).toBe(0n);
    expect(await stakeWithPermit(chain, { role: 'trainer', amount: 25n * unit })).toEqual({ status: 'already' });
  });

  it('is refused where the balance is too small', async () => {
    const { chain } = await newParty(development);
    await expect(stakeWithPermit(chain, { role: 'trainer', amount: 10n ** 30n })).rejects.toMatchObject({
      code: 'chain/erc20-insufficient-balance',
    });
  });
});
