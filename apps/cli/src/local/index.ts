export { makePlan, type PlanWithModel } from '../alliance/make-plan.ts';
export { PLAN_SETTINGS, type PlanSettings } from '../alliance/plan-settings.ts';
export { followAlliance, type Look } from './follow-alliance.ts';
export { type LocalAlliance, type LocalMember, startLocalAlliance } from './local-alliance.ts';
export { type LocalDirectory, openLocalDirectory } from './local-directory.ts';
export type { ProcessEvent } from '../supervisor/supervise-process.ts';
