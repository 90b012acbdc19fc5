import { resolveCampaign, resolveEntity } from '../../../shared/domain/entity_resolution.ts';
import { ToolError } from '../../../shared/domain/tool_error.ts';
import { CLIENT_KIND } from '../../../shared/hub/client_kind.ts';
import type { Handler } from '../../../shared/mcp/contract.ts';
import type { ContentGeneratorRepos } from '../repo/repos.ts';
import { recordSearch, UNRECORDED } from '../repo/request_records.ts';
import { imageAnswer, imageAnswerText } from '../service/found_images.ts';
import { namedValue } from '../service/named_value.ts';
import { getContent } from '../tools/get_content.ts';

export const handleGetContent: Handler<typeof getContent, ContentGeneratorRepos> = async (
  { description, campaignName, client, category, hashtag, format, approved, limit },
  { repos, clock, caller, deadline },
) => {
  const [campaign, owner, images] = await Promise.all([
    campaignName === undefined ? undefined : resolveCampaign(repos.campaigns, campaignName, deadline),
    client === undefined ? undefined : resolveEntity(CLIENT_KIND, repos.clients, client, deadline),
    repos.images.all(deadline),
  ]);
  const known = (kind: string, asked: string | undefined, values: Iterable<string>): string | undefined => {
    if (asked === undefined) return undefined;
    const found = namedValue(asked, values);
    if (found !== undefined) return found;
    throw new ToolError('not_found', `No image has the ${kind} "${asked.slice(0, 60)}".`, {
      remedy: `There are: ${[...new Set(values)].sort().slice(0, 40).join(', ')}.`,
    });
  };
  const categoryFound = known(
    'category',
    category,
    images.map((image) => image.category),
  );
  const hashtagFound = known(
    'hashtag',
    hashtag,
    images.flatMap((image) => image.hashtags),
  );
  const found = await repos.search.find(
    {
      description,
      images,
      limit,
      campaignId: campaign?.campaignId,
      filter: {
        campaignIds: campaign && [campaign.campaignId],
        clientIds: owner && [owner.entity.clientId],
        categories: categoryFound === undefined ? undefined : [categoryFound],
        hashtags: hashtagFound === undefined ? undefined : [hashtagFound],
        formats: format === undefined ? undefined : [format],
        approved,
      },
    },
    deadline,
  );
  const warnings = [...found.warnings];
  await recordSearch(
    repos.content,
    {
      tool: getContent.name,
      caller: caller.client,
      today: clock.today(),
      now: clock.now,
      clientId: campaign?.clientId ?? owner?.entity.clientId,
      campaignId: campaign?.campaignId,
      onUnrecorded: () => warnings.push(UNRECORDED),
    },
    found,
  );
  const filters = {
    ...(owner === undefined ? {} : { client: `${owner.entity.company} (${owner.entity.clientId})` }),
    ...(categoryFound === undefined ? {} : { category: categoryFound }),
    ...(hashtagFound === undefined ? {} : { hashtag: hashtagFound }),
    ...(format === undefined ? {} : { format }),
    ...(approved === undefined ? {} : { approved: approved ? 'yes' : 'no' }),
  };
  const answer = imageAnswer(found, new Map(images.map((image) => [image.contentId, image])), filters);
  const [best] = answer.images;
  return {
    data: answer,
    text: imageAnswerText(answer),
    ...(campaign === undefined ? {} : { campaign }),
    warnings: [...(best === undefined ? ['No image passes the filters: widen them, or ask without.'] : []), ...warnings],
    usage: found.usage,
  };
};
