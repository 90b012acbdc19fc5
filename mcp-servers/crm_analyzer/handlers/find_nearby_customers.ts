import type { Audit } from '../../../shared/access/audit.ts';
import { SMALLEST_GROUP } from '../../../shared/access/smallest_group.ts';
import type { Deadline } from '../../../shared/domain/deadline.ts';
import { type EntityLookup, resolveEntity } from '../../../shared/domain/entity_resolution.ts';
import { ToolError } from '../../../shared/domain/tool_error.ts';
import { CLIENT_KIND } from '../../../shared/hub/client_kind.ts';
import type { Client } from '../../../shared/hub/clients.ts';
import type { Handler } from '../../../shared/mcp/contract.ts';
import type { CustomerProfiles } from '../repo/customer_profile.ts';
import type { NearbyCustomers, NearbyQuestion } from '../repo/nearby_customers.ts';
import type { Place } from '../repo/places.ts';
import type { Point } from '../service/geodesic.ts';
import { ALL_PARTS_OF_DEGREE, bandsOf, MASKED_PARTS_OF_DEGREE, nearbyAnswer, nearbyText } from '../service/nearby.ts';
import { PLACE_KIND, placeName } from '../service/place_kind.ts';
import { findNearbyCustomers } from '../tools/find_nearby_customers.ts';
import { personalReading } from './personal_reading.ts';
import { shownPeople } from './shown_people.ts';

export type NearbyRepos = {
  readonly places: EntityLookup<Place>;
  readonly clients: EntityLookup<Client>;
  readonly nearbyCustomers: NearbyCustomers;
  readonly customerProfiles: Pick<CustomerProfiles, 'people'>;
  readonly audit: Audit;
};

const FARTHEST_KM = 500;

export const handleFindNearbyCustomers: Handler<typeof findNearbyCustomers, NearbyRepos> = async (
  { place, latitude, longitude, radiusKm, clientName, segment, limit, reason },
  { repos, caller, deadline },
) => {
  const reading = personalReading(caller, reason);
  const { mayIdentify } = reading;
  const [centre, client] = await Promise.all([
    centreOf({ place, latitude, longitude }, repos.places, deadline),
    clientName === undefined ? undefined : resolveEntity(CLIENT_KIND, repos.clients, clientName, deadline),
  ]);
  const question: NearbyQuestion = {
    centre: centre.point,
    radiusMetres: radiusKm * 1_000,
    partsOfDegree: mayIdentify ? ALL_PARTS_OF_DEGREE : MASKED_PARTS_OF_DEGREE,
    clientId: client?.entity.clientId,
    segment,
    bands: bandsOf(radiusKm),
    limit,
  };
  const [bands, nearest] = await Promise.all([
    repos.nearbyCustomers.bands(question, deadline),
    repos.nearbyCustomers.nearest(question, deadline),
  ]);
  const total = bands.reduce((count, { customers }) => count + customers, 0);
  const isShown = mayIdentify || total >= SMALLEST_GROUP;
  const ids = isShown ? nearest.map(({ customerId }) => customerId) : [];
  const { people, warnings } = await shownPeople(repos.customerProfiles, ids, reading, deadline);
  if (reading.mayIdentify) {
    const subjects = ids.map((id) => `customer:${id}`);
    const details = { radiusKm, clientId: question.clientId ?? null, segment: segment ?? null };
    await repos.audit.recordReads(
      { actor: caller.client, action: findNearbyCustomers.name, subjects, reason: reading.reason, details },
      deadline,
    );
  }

  const filters = [
    ...(client === undefined ? [] : [`of ${client.entity.company} (${client.entity.clientId})`]),
    ...(segment === undefined ? [] : [`segment ${segment}`]),
  ];
  const scope = ['Customers', ...filters, ...(centre.named === undefined ? [] : [`near ${centre.named}`])].join(' ');
  const data = nearbyAnswer(
    { bands, nearest, people },
    { scope, place: centre.named ?? null, centre: centre.point, radiusKm, mayIdentify },
  );
  const same = {
    ...(place === undefined ? { latitude, longitude } : { place }),
    ...(question.clientId === undefined ? {} : { clientName: question.clientId }),
    ...(segment === undefined ? {} : { segment }),
  };
  const [first] = data.nearest;
  return {
    data,
    text: nearbyText(data),
    ...(data.customers === null || total === 0 ? {} : { page: { returned: data.nearest.length, total, nextCursor: null } }),
    warnings: [
      ...warnings,
      ...(data.customers === null ? [`Fewer than ${SMALLEST_GROUP} customers: they are not broken down without the scope crm:pii.`] : []),
    ],
    next:
      (data.customers === null || total === 0) && radiusKm < FARTHEST_KM
        ? [
            {
              tool: findNearbyCustomers.name,
              arguments: { ...same, radiusKm: Math.min(FARTHEST_KM, radiusKm * 5) },
              why: 'a wider circle',
            },
          ]
        : first === undefined
          ? []
          : [{ tool: 'get_customer_profile', arguments: { customer: String(first.customerId) }, why: 'the history of one of them' }],
  };
};

/** Errors: neither or both of a place and a point, or half a point, are invalid_input; those of name resolution. */
async function centreOf(
  asked: { readonly place: string | undefined; readonly latitude: number | undefined; readonly longitude: number | undefined },
  places: EntityLookup<Place>,
  deadline: Deadline,
): Promise<{ readonly point: Point; readonly named: string | undefined }> {
  const { place, latitude, longitude } = asked;
  if (place !== undefined && latitude === undefined && longitude === undefined) {
    const { entity, matchedBy } = await resolveEntity(PLACE_KIND, places, place, deadline);
    const { latitude, longitude } = entity;
    return { point: { latitude, longitude }, named: `${placeName(entity)} (city ${entity.cityId}, found by ${matchedBy})` };
  }
  if (place === undefined && latitude !== undefined && longitude !== undefined) {
    return { point: { latitude, longitude }, named: undefined };
  }
  throw new ToolError(
    'invalid_input',
    place === undefined ? 'No place was given, or half a point.' : 'Both a place and a point were given.',
    {
      remedy: "Give 'place', or 'latitude' together with 'longitude'.",
    },
  );
}
