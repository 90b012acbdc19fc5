import type { Statement } from '../db/sql_database.ts';

// One statement a question. Whoever changes a document locks it first and computes from what the lock returned, the newest version,
// so that callers at the same moment come one after the other.

export const CAMPAIGN: Statement = { name: 'content_campaign', text: 'SELECT id, document FROM content.campanas WHERE id = $1' };

export const CLIENT: Statement = { name: 'content_client', text: 'SELECT id, document FROM content.clientes WHERE id = $1' };

export const IMAGES: Statement = {
  name: 'content_images',
  text: `
  SELECT i.id, i.document
    FROM unnest($1::text[]) WITH ORDINALITY AS asked (id, ordinal)
    JOIN content.imagenes i USING (id)
   ORDER BY asked.ordinal`,
};

export const LAST_MESSAGES: Statement = {
  name: 'content_last_messages',
  text: `
  SELECT id, document
    FROM content.logs_campanas
   WHERE document ->> 'id_campana' = ANY ($1::text[])
   ORDER BY document ->> 'fecha' DESC, id DESC
   LIMIT $2`,
};

export const GENERATION: Statement = { name: 'content_generation', text: 'SELECT id, document FROM content.logs_campanas WHERE id = $1' };

/**
 * The features of a client's active subscriptions as they stand on day $2. From resetDate on nothing is used, nothing is reserved, and the
 * next reset is the first one after that day, whole months on. A limit of 0 is a feature the plan does not include.
 */
const PLAN = `
  plan AS (
    SELECT s.ordinal - 1 AS place, s.subscription ->> 'planId' AS plan_id, s.subscription ->> 'planName' AS plan_name,
           f.feature, f.usage, (f.usage ->> 'limit')::bigint AS most,
           CASE WHEN $2::date < r.day THEN (f.usage ->> 'used')::bigint ELSE 0 END AS used,
           CASE WHEN $2::date < r.day THEN coalesce(f.usage -> 'open', '[]') ELSE '[]' END AS open,
           CASE WHEN $2::date < r.day THEN r.day
                WHEN $2::date < (r.day + m.months * interval '1 month')::date THEN (r.day + m.months * interval '1 month')::date
                ELSE (r.day + (m.months + 1) * interval '1 month')::date END AS reset_date
      FROM client c
     CROSS JOIN jsonb_array_elements(c.document -> 'subscriptions') WITH ORDINALITY AS s (subscription, ordinal)
     CROSS JOIN jsonb_each(s.subscription -> 'usageTracking') AS f (feature, usage)
     CROSS JOIN LATERAL (SELECT left(f.usage ->> 'resetDate', 10)::date AS day) AS r
     CROSS JOIN LATERAL (
       SELECT 12 * (extract(year FROM $2::date) - extract(year FROM r.day)) + extract(month FROM $2::date) - extract(month FROM r.day) AS months) AS m
     WHERE c.document ->> 'status' = 'active' AND s.subscription ->> 'status' = 'active'
       AND (f.usage ->> 'limit' IS NULL OR (f.usage ->> 'limit')::bigint > 0)
  )`;

export const QUOTAS: Statement = {
  name: 'content_quotas',
  text: `
  WITH client AS (SELECT document FROM content.clientes WHERE id = $1), ${PLAN}
  SELECT feature, plan_id AS "planId", plan_name AS "planName", used, most AS "limit", reset_date AS "resetDate"
    FROM plan
   ORDER BY place, feature`,
};

/** $1 client, $2 today, $3 feature, $4 amount, $5 reservation. */
export const RESERVE: Statement = {
  name: 'content_reserve',
  text: `
  WITH client AS MATERIALIZED (SELECT document FROM content.clientes WHERE id = $1 FOR UPDATE), ${PLAN},
  chosen AS MATERIALIZED (
    SELECT *
      FROM (SELECT p.*, p.open @> jsonb_build_array(jsonb_build_object('reservationId', $5::text)) AS is_open,
                   p.most IS NULL OR p.used + $4::bigint <= p.most AS has_room
              FROM plan p
             WHERE p.feature = $3) asked
     ORDER BY is_open DESC, has_room DESC, place
     LIMIT 1
  ), counted AS (
    UPDATE content.clientes t
       SET document = jsonb_set(t.document, ARRAY['subscriptions', c.place::text, 'usageTracking', c.feature],
             c.usage || jsonb_build_object('used', c.used + $4::bigint, 'resetDate', c.reset_date,
               'open', c.open || jsonb_build_array(jsonb_build_object('reservationId', $5::text, 'amount', $4::bigint))))
      FROM chosen c
     WHERE t.id = $1 AND c.has_room AND NOT c.is_open
    RETURNING $4::bigint AS more
  )
  SELECT (SELECT document ->> 'status' FROM client) AS "clientStatus",
         EXISTS (SELECT FROM client, jsonb_array_elements(document -> 'subscriptions') s WHERE s ->> 'status' = 'active') AS subscribed,
         coalesce(c.is_open OR n.more IS NOT NULL, false) AS reserved,
         CASE WHEN c.place IS NOT NULL THEN jsonb_build_object('feature', c.feature, 'planId', c.plan_id, 'planName', c.plan_name,
           'used', c.used + coalesce(n.more, 0), 'limit', c.most, 'resetDate', c.reset_date) END AS plan
    FROM (SELECT) one
    LEFT JOIN chosen c ON true
    LEFT JOIN counted n ON true`,
};

/** $1 client, $2 plan, $3 feature, $4 reservation, $5 how many stay counted. */
export const SETTLE: Statement = {
  name: 'content_settle',
  text: `
  WITH client AS MATERIALIZED (SELECT document FROM content.clientes WHERE id = $1 FOR UPDATE),
  held AS MATERIALIZED (
    SELECT s.ordinal - 1 AS place, u.usage, o.ordinal - 1 AS position,
           greatest((o.entry ->> 'amount')::bigint - greatest($5::bigint, 0), 0) AS given_back
      FROM client c
     CROSS JOIN jsonb_array_elements(c.document -> 'subscriptions') WITH ORDINALITY AS s (subscription, ordinal)
     CROSS JOIN LATERAL (SELECT s.subscription #> ARRAY['usageTracking', $3] AS usage) AS u
     CROSS JOIN jsonb_array_elements(u.usage -> 'open') WITH ORDINALITY AS o (entry, ordinal)
     WHERE s.subscription ->> 'planId' = $2 AND o.entry ->> 'reservationId' = $4
     LIMIT 1
  )
  UPDATE content.clientes t
     SET document = jsonb_set(t.document, ARRAY['subscriptions', h.place::text, 'usageTracking', $3],
           h.usage || jsonb_build_object('used', greatest((h.usage ->> 'used')::bigint - h.given_back, 0),
             'open', (h.usage -> 'open') - h.position::integer))
    FROM held h
   WHERE t.id = $1
  RETURNING true AS closed`,
};

export const RECORD_GENERATION: Statement = {
  name: 'content_record_generation',
  text: 'INSERT INTO content.logs_campanas (id, document) VALUES ($1, $2::jsonb) ON CONFLICT DO NOTHING RETURNING id',
};

export const RECORD_REQUEST: Statement = {
  name: 'content_record_request',
  text: 'INSERT INTO content.bitacora_solicitudes (id, document) VALUES ($1, $2::jsonb) ON CONFLICT DO NOTHING RETURNING id',
};

/** $1 campaign, $2 versions, $3 content ids, $4 the updatedAt that the caller has seen, $5 now. */
export const SAVE_VERSIONS: Statement = {
  name: 'content_save_versions',
  text: `
  WITH campaign AS MATERIALIZED (SELECT document FROM content.campanas WHERE id = $1 FOR UPDATE),
  missing AS MATERIALIZED (
    SELECT date_trunc('milliseconds', (c.document ->> 'updatedAt')::timestamptz) AS updated_at,
           coalesce((SELECT jsonb_agg(v.version ORDER BY v.ordinal)
                       FROM jsonb_array_elements($2::jsonb) WITH ORDINALITY AS v (version, ordinal)
                      WHERE NOT c.document -> 'contentVersions' @> jsonb_build_array(v.version)), '[]') AS versions,
           coalesce((SELECT jsonb_agg(i.image ORDER BY i.ordinal)
                       FROM unnest($3::text[]) WITH ORDINALITY AS i (image, ordinal)
                      WHERE NOT c.document -> 'usedImages' ? i.image), '[]') AS images
      FROM campaign c
  ), saved AS (
    UPDATE content.campanas t
       SET document = t.document || jsonb_build_object(
             'contentVersions', (t.document -> 'contentVersions') || m.versions,
             'usedImages', (t.document -> 'usedImages') || m.images,
             'updatedAt', to_char(greatest($5::timestamptz, m.updated_at + interval '1 millisecond') AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
      FROM missing m
     WHERE t.id = $1 AND m.updated_at = date_trunc('milliseconds', $4::timestamptz) AND (m.versions <> '[]' OR m.images <> '[]')
    RETURNING (t.document ->> 'updatedAt')::timestamptz AS saved_at
  )
  SELECT jsonb_array_length(m.versions) AS "missingVersions", jsonb_array_length(m.images) AS "missingImages",
         m.updated_at AS "updatedAt", s.saved_at AS "savedAt"
    FROM missing m
    LEFT JOIN saved s ON true`,
};
