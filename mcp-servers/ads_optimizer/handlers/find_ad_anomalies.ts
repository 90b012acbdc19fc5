import { addDays, earlier } from '../../../shared/domain/calendar_day.ts';
import { answeredPeriods } from '../../../shared/domain/periods.ts';
import { type DataVersion, keptByVersion } from '../../../shared/hub/data_version.ts';
import type { Handler } from '../../../shared/mcp/contract.ts';
import { BASELINE_DAYS, type Candidates, findCandidates, keyOf, weighCandidates } from '../service/anomalies.ts';
import { anomalyAnswer, anomalyText } from '../service/anomaly_answer.ts';
import { readCursor, writeCursor } from '../service/anomaly_cursor.ts';
import type { findAdAnomalies } from '../tools/find_ad_anomalies.ts';
import { readScope, readScopePeriod, type ScopeRepos } from './ad_scope.ts';

type Repos = ScopeRepos & { readonly dataVersion: DataVersion };

/** A second for everybody's quarter, which the next page and another sensitivity ask for again. */
const keptCandidates = keptByVersion<Candidates>(8);

export const handleFindAdAnomalies: Handler<typeof findAdAnomalies, Repos> = async (
  { sensitivity, limit, cursor, ...asked },
  { repos, clock, deadline },
) => {
  const scope = await readScope(asked, repos, deadline);
  const period = readScopePeriod(asked, scope.campaign, clock, 'last 90 days');
  // Today is not over: its figures would look like a break.
  const yesterday = addDays(clock.today(), -1);
  const from = period?.from ?? yesterday;
  const window = { from, to: earlier(period?.to ?? yesterday, yesterday) };
  const question = [scope.filters, window, sensitivity];
  const after = cursor === undefined ? undefined : readCursor(cursor, question);
  const read = { from: addDays(window.from, -BASELINE_DAYS), to: window.to };
  const candidates = async (): Promise<Candidates> => {
    const series = window.to < window.from ? [] : await repos.adDays.series(scope.filters, read, deadline);
    return findCandidates(series, read, window);
  };
  const looked = await keptCandidates(repos.dataVersion, JSON.stringify([scope.filters, window]), candidates, deadline);
  const reading = weighCandidates(looked, sensitivity);
  const start = after === undefined ? 0 : reading.anomalies.findIndex((anomaly) => keyOf(anomaly) === after) + 1;
  const page = reading.anomalies.slice(start, start + limit);
  const last = page.at(-1);
  const nextCursor = last === undefined || start + page.length >= reading.anomalies.length ? null : writeCursor(keyOf(last), question);
  const data = anomalyAnswer(reading, page, { scope: scope.named, window, sensitivity });
  const [first] = page;
  return {
    data,
    text: anomalyText(data),
    campaign: scope.campaign,
    ...(period === undefined ? {} : answeredPeriods({ ...period, compareTo: undefined })),
    page: { returned: page.length, total: reading.anomalies.length, nextCursor },
    warnings: data.status === 'no_data' ? ['No data, which is not zero: nothing that fits advertised in this period.'] : [],
    next:
      first === undefined
        ? []
        : [
            {
              tool: 'get_campaign_pacing',
              arguments: { campaignName: first.campaignId },
              why: `what ${first.campaign} spends against its plan`,
            },
          ],
  };
};
