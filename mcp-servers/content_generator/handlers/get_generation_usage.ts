import type { Day } from '../../../shared/domain/calendar_day.ts';
import type { Deadline } from '../../../shared/domain/deadline.ts';
import { resolveEntity } from '../../../shared/domain/entity_resolution.ts';
import { answeredPeriods, resolvePeriod } from '../../../shared/domain/periods.ts';
import { ToolError } from '../../../shared/domain/tool_error.ts';
import { CLIENT_KIND } from '../../../shared/hub/client_kind.ts';
import type { Caller, Handler } from '../../../shared/mcp/contract.ts';
import { hasScopes } from '../../../shared/mcp/required_scopes.ts';
import { callerInRecords } from '../../../shared/sources/content_records.ts';
import type { QuotaState } from '../../../shared/sources/content_store.ts';
import type { ContentGeneratorRepos } from '../repo/repos.ts';
import { type UsageOwner, usageReport, usageText, usageWarnings } from '../service/generation_usage.ts';
import { getGenerationUsage } from '../tools/get_generation_usage.ts';

export const handleGetGenerationUsage: Handler<typeof getGenerationUsage, ContentGeneratorRepos> = async (
  { clientName, user, ...asked },
  { repos, clock, deadline, caller },
) => {
  const { compareTo, ...period } = resolvePeriod(asked, clock, { default: 'this month' });
  const subject = await ownerOf({ clientName, user }, repos, caller, deadline);
  const of = subject.kind === 'client' ? { clientId: subject.id } : { caller: subject.id };
  const [days, quota] = await Promise.all([
    repos.usage.byDayAndTool(of, period, deadline),
    subject.kind === 'client' ? quotasOf(repos, subject.id, clock.today(), deadline) : { quotas: null, warnings: [] },
  ]);
  const report = usageReport(subject, days, quota.quotas);
  return {
    data: report,
    text: usageText(report),
    ...answeredPeriods(period),
    warnings: [
      ...usageWarnings(report, period.to >= clock.today()),
      ...(compareTo === undefined ? [] : ['Periods are not compared here: ask for each by itself.']),
      ...quota.warnings,
    ],
    next:
      report.status === 'no_data'
        ? [
            {
              tool: getGenerationUsage.name,
              arguments: {
                ...(subject.kind === 'client' ? { clientName: subject.id } : user === undefined ? {} : { user }),
                period: 'last 365 days',
              },
              why: 'the last year',
            },
          ]
        : [],
  };
};

/** Whose use is asked for. Throws ToolError 'forbidden' for another user's without the scope to run the company's servers. */
async function ownerOf(
  { clientName, user }: { readonly clientName: string | undefined; readonly user: string | undefined },
  repos: ContentGeneratorRepos,
  caller: Caller,
  deadline: Deadline,
): Promise<UsageOwner> {
  if (clientName !== undefined && user !== undefined) {
    throw new ToolError('invalid_input', 'Both clientName and user were given.', {
      remedy: 'Name the client or the user; without either it is your own use.',
    });
  }
  if (clientName !== undefined) {
    const { entity } = await resolveEntity(CLIENT_KIND, repos.clients, clientName, deadline);
    return { kind: 'client', id: entity.clientId, name: entity.company };
  }
  const own = callerInRecords(caller.client);
  const named = user === undefined ? own : callerInRecords(user);
  if (named !== own && !hasScopes(['dashboard:operate'], caller)) {
    throw new ToolError('forbidden', `What another user took needs dashboard:operate, which the role ${caller.role} does not include.`, {
      remedy: 'Leave out user for your own use, ask about a client by clientName, or ask an administrator.',
    });
  }
  return { kind: 'user', id: named, name: named };
}

/** The plan's state of this moment; null, and a warning, when PromptContent cannot be asked: what was used is known all the same. */
async function quotasOf(
  repos: ContentGeneratorRepos,
  clientId: string,
  today: Day,
  deadline: Deadline,
): Promise<{ readonly quotas: readonly QuotaState[] | null; readonly warnings: readonly string[] }> {
  try {
    const content = await repos.content();
    return { quotas: await content.quotas(clientId, today, deadline), warnings: [] };
  } catch (error) {
    if (!(error instanceof ToolError) || (error.errorClass !== 'unavailable' && error.errorClass !== 'timeout')) throw error;
    return { quotas: null, warnings: [`What is left of the plan is not known just now: ${error.message}`] };
  }
}
