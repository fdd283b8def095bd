import type { Command } from './command.ts';
import { adapterInspect } from './commands/adapter-inspect.ts';
import { adapterMerge } from './commands/adapter-merge.ts';
import { allianceCreate, allianceStart } from './commands/alliance-create.ts';
import { allianceCancel, allianceLeave, alliancePause } from './commands/alliance-govern.ts';
import { allianceDryRun } from './commands/alliance-dry-run.ts';
import { allianceInvite } from './commands/alliance-invite.ts';
import { allianceJoin } from './commands/alliance-join.ts';
import { allianceStatus } from './commands/alliance-status.ts';
import { allianceVerify } from './commands/alliance-verify.ts';
import { allianceWatch } from './commands/alliance-watch.ts';
import { chainDeploy } from './commands/chain-deploy.ts';
import { benchGenerate } from './commands/bench-generate.ts';
import { benchTrain } from './commands/bench-train.ts';
import { chat } from './commands/chat.ts';
import { conformance } from './commands/conformance.ts';
import { dataPreview } from './commands/data-preview.ts';
import { evaluate } from './commands/evaluate.ts';
import { generateText } from './commands/generate-text.ts';
import { init } from './commands/init-node.ts';
import { logVerify } from './commands/log-verify.ts';
import { modelInspect } from './commands/model-inspect.ts';
import { modelLineage } from './commands/model-lineage.ts';
import { keyBackup, keyRestore, keyRotate, keyUse, nodeStatusCommand } from './commands/node-key.ts';
import { hub, node } from './commands/serve.ts';
import { stakeAdd, stakeFund, stakeStatus, stakeWithdraw } from './commands/stake.ts';
import { start } from './commands/start.ts';
import { trainModel } from './commands/train-model.ts';
import { up } from './commands/up.ts';

/** Every command of `skein`, in the order of help and docs/cli.md. */
export const COMMANDS: readonly Command[] = [
  start,
  init,
  up,
  hub,
  node,
  nodeStatusCommand,
  keyBackup,
  keyRestore,
  keyRotate,
  keyUse,
  allianceCreate,
  allianceInvite,
  allianceDryRun,
  allianceJoin,
  allianceStart,
  allianceStatus,
  allianceWatch,
  allianceVerify,
  alliancePause,
  allianceCancel,
  allianceLeave,
  stakeStatus,
  stakeFund,
  stakeAdd,
  stakeWithdraw,
  logVerify,
  modelLineage,
  chainDeploy,
  trainModel,
  evaluate,
  generateText,
  chat,
  dataPreview,
  adapterInspect,
  adapterMerge,
  modelInspect,
  conformance,
  benchTrain,
  benchGenerate,
];
