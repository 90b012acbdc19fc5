/**
 * Prints documentation/budget_allocation.md: how good the allocations of recommend_budget are by the true response curves of 200 simulated
 * clients, against three rules of thumb, and how often its intervals hold the truth. `node tests/evals/budget_regret.ts > documentation/budget_allocation.md`
 */
import { type ClientOutcome, companyWithPrior, coverageOf, evaluateClients, METHODS } from '../support/budget_evaluation.ts';

const CLIENTS = 200;
// Not the seeds that the method was chosen on.
const SEEDS = [101, 102];
const STEPS = [30, 90];

const companies = SEEDS.map(companyWithPrior);
const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const ninth = (values: readonly number[]): number => [...values].sort((one, other) => one - other)[Math.floor(values.length * 0.9)] ?? 0;

const lines = [
  '# Quality of budget recommendations',
  '',
  `Printed by \`node tests/evals/budget_regret.ts\`. ${CLIENTS} simulated clients, each with its largest running campaign of two channels or more; spend, clicks,`,
  'conversions and orders are drawn from the response curves of `database/generator/channels.ts`, which the method does not know (it fits another family:',
  "h = 1, no cities' tastes, no fatigue). Each way splits today's spend over the campaign's channels within the same step limit. Regret is the share of the",
  'best possible revenue, by the true curves, that a split misses.',
];
for (const step of STEPS) {
  const outcomes: ClientOutcome[] = [];
  for (const { company, prior } of companies) outcomes.push(...evaluateClients(company, prior, step, CLIENTS - outcomes.length));
  const changes = outcomes.filter(({ verdict }) => verdict === 'change');
  lines.push(
    '',
    `## Steps of at most ${step} %`,
    '',
    '| way | mean regret | 9 in 10 below | best of the four (equals both) |',
    '|---|---|---|---|',
  );
  for (const method of METHODS) {
    const regrets = outcomes.map(({ regret }) => regret[method]);
    const best = outcomes.filter(({ regret }) => METHODS.every((other) => regret[method] <= regret[other])).length;
    lines.push(`| ${method} | ${percent(mean(regrets))} | ${percent(ninth(regrets))} | ${best} |`);
  }
  lines.push(
    '',
    `Clients: ${outcomes.length}. Verdict "change": ${changes.length}, of which truly better than today's split: ${changes.filter(({ isTrulyBetter }) => isTrulyBetter).length}.`,
    `The 90 % interval of the difference holds the true one for ${percent(mean(outcomes.map(({ isWithin }) => (isWithin ? 1 : 0))))}.`,
  );
}
lines.push('', '## Intervals', '', 'Nominal 90 %, over 300 simulated campaigns of each seed.', '');
lines.push('| seed | channels | marginal return | revenue a day |', '|---|---|---|---|');
for (const [i, { company, prior }] of companies.entries()) {
  const coverage = coverageOf(company, prior, 300);
  lines.push(`| ${SEEDS[i]} | ${coverage.channels} | ${percent(coverage.marginal)} | ${percent(coverage.level)} |`);
  process.stderr.write(`seed ${SEEDS[i]}: a fit takes ${coverage.meanMs.toFixed(1)} ms, at most ${coverage.slowestMs.toFixed(0)} ms\n`);
}
console.log(lines.join('\n'));
