import type { ModelState } from '../model/model-state.ts';
import type { Plan } from '../plan.ts';
import { fedAdam } from './fedadam.ts';
import { fedAvg } from './fedavg.ts';
import { fedAvgM } from './fedavgm.ts';

/**
 * Takes the plan's outer step: the next global model from the last one and the mean of the members' updates. Only
 * + − × / and √ in float64, which IEEE 754 fixes to the bit, so that every machine gets the same bytes.
 * @throws RangeError where the update has another length than the parameters
 */
export function applyOuterStep(strategy: Plan['strategy'], state: ModelState, mean: ArrayLike<number>): ModelState {
  if (mean.length !== state.parameters.length) {
    throw new RangeError(`${mean.length} numbers can't update ${state.parameters.length} parameters`);
  }
  switch (strategy.kind) {
    case 'fedavg':
      return fedAvg(state, mean, strategy);
    case 'fedavgm':
      return fedAvgM(state, mean, strategy);
    case 'fedadam':
      return fedAdam(state, mean, strategy);
  }
}
