import { countOf, type Row, textOf } from '../../../shared/db/row.ts';
import type { SqlDatabase, Statement } from '../../../shared/db/sql_database.ts';
import type { Deadline } from '../../../shared/domain/deadline.ts';
import type { Point } from '../service/geodesic.ts';
import { type Circle, chordSquared, circleAround } from '../service/nearby_circle.ts';

export type NearbyQuestion = {
  readonly centre: Point;
  readonly radiusMetres: number;
  /** Customers stand in the middle of cells of so many parts of a degree; 1e9 is where they are. */
  readonly partsOfDegree: number;
  readonly clientId: string | undefined;
  readonly segment: string | undefined;
  /** Equal rings that the circle is counted in. */
  readonly bands: number;
  readonly limit: number;
};

/** A ring; `band` counts from 1 at the centre. Revenue is what its customers have paid for, US dollars, exact. */
export type BandTotals = { readonly band: number; readonly customers: number; readonly revenue: string };

export type NearbyCustomer = {
  readonly customerId: number;
  readonly clientId: string;
  readonly clientName: string;
  readonly segment: string;
  readonly potential: string;
  readonly city: string;
  /** Paid orders of all time, US dollars. */
  readonly revenue: string;
  /** Where it stands for this question, in degrees. */
  readonly latitude: number;
  readonly longitude: number;
};

export type NearbyCustomers = {
  /** Totals of the rings that have customers. */
  readonly bands: (question: NearbyQuestion, deadline: Deadline) => Promise<readonly BandTotals[]>;
  /** The customers nearest to the centre; of equal distances the lowest id first. */
  readonly nearest: (question: NearbyQuestion, deadline: Deadline) => Promise<readonly NearbyCustomer[]>;
};

// $1–$4 the box, $5 parts of a degree, $6 client, $7 segment; both are read from customers_position alone.
const BOX = `
   FROM crm.customers k
  WHERE k.latitude BETWEEN $1 AND $2 AND k.longitude BETWEEN $3 AND $4
    AND ($6::text IS NULL OR k.client_id = $6) AND ($7::text IS NULL OR k.segment = $7)`;

// $8–$10 the centre, $11 the square of the radius's chord. 6378137 m and 0.00669437999014132: WGS84's equatorial radius and squared eccentricity.
// Each OFFSET 0 keeps a step from being worked out several times: two sines and two roots a customer are what 100,000 of them take time for.
const NEAR = `(
  SELECT customer_id, latitude, longitude, chord FROM (
    SELECT customer_id, latitude, longitude, (axis - $8::float8) * (axis - $8) + 4 * axis * $8 * half * half + height * height AS chord FROM (
      SELECT customer_id, latitude, longitude, half, across * sqrt(1 - sine * sine) AS axis,
             across * 0.99330562000985868 * sine - $10::float8 AS height FROM (
        SELECT customer_id, latitude, longitude, half, sine, 6378137 / sqrt(1 - 0.00669437999014132 * sine * sine) AS across FROM (
          SELECT customer_id, latitude, longitude, sin(radians(latitude)) AS sine, sin(radians(longitude - $9::float8) / 2) AS half FROM (
            SELECT k.customer_id, floor(k.latitude * $5::float8 + 0.5) / $5 AS latitude, floor(k.longitude * $5 + 0.5) / $5 AS longitude ${BOX}
            OFFSET 0) placed
          OFFSET 0) turned
        OFFSET 0) scaled
      OFFSET 0) apart
    OFFSET 0) measured
  WHERE chord <= $11::float8
  OFFSET 0)`;

// A plan that does not know the circle guesses a few customers. Few are looked up one by one; for many the whole roll-up is read once.
const FEW = 3_000;
const IN_BOX: Statement = {
  name: 'customers_in_box',
  text: `SELECT count(*) AS customers FROM (SELECT $5::float8 ${BOX} LIMIT ${FEW + 1}) found`,
};
const bandsOf = (bought: string): string => `
  SELECT 1 + width_bucket(n.chord, $12::float8[]) AS band, count(*) AS customers, coalesce(sum(o.revenue), 0) AS revenue
    FROM ${NEAR} n
    LEFT JOIN ${bought}
   GROUP BY 1 ORDER BY 1`;
const BANDS_OF_FEW: Statement = {
  name: 'bands_of_few',
  text: bandsOf('LATERAL (SELECT revenue FROM sales.customer_orders WHERE customer_id = n.customer_id OFFSET 0) o ON true'),
};
const BANDS_OF_MANY: Statement = {
  name: 'bands_of_many',
  text: bandsOf('(SELECT customer_id, revenue FROM sales.customer_orders OFFSET 0) o USING (customer_id)'),
};

const NEAREST: Statement = {
  name: 'customers_nearby',
  text: `
  SELECT n.customer_id, n.latitude::text, n.longitude::text, n.chord, k.client_id, coalesce(b.company, k.client_id) AS client_name, k.segment, k.potential,
         coalesce(p.name, 'city ' || k.city_id) AS city, coalesce(o.revenue, 0) AS revenue
    FROM (SELECT customer_id, latitude, longitude, chord FROM ${NEAR} found ORDER BY chord, customer_id LIMIT $12) n
    JOIN LATERAL (SELECT client_id, segment, potential, city_id FROM crm.customers WHERE customer_id = n.customer_id OFFSET 0) k ON true
    LEFT JOIN LATERAL (SELECT revenue FROM sales.customer_orders WHERE customer_id = n.customer_id OFFSET 0) o ON true
    LEFT JOIN business.clients b ON b.client_id = k.client_id
    LEFT JOIN crm.cities p ON p.city_id = k.city_id
   ORDER BY n.chord, n.customer_id`,
};

/** The first circle that the nearest are looked for in, and how much wider the next is: where many live, the whole radius is hardly ever read. */
const FIRST_METRES = 1_000;
const WIDER = 4;

/** Customers of the hub by where they are. Personal data other than the position is in customer_profile.ts. */
export function openNearbyCustomers(hub: SqlDatabase): NearbyCustomers {
  return {
    bands: async (question, deadline) => {
      const circle = circleAround(question.centre, question.radiusMetres);
      const values = boxValues(circle, question);
      const [inBox = 0] = await hub.rows(IN_BOX, values, (row) => countOf(row, 'customers'), deadline);
      const edges = Array.from({ length: question.bands - 1 }, (_, at) => (question.radiusMetres * (at + 1)) / question.bands);
      return hub.rows(
        inBox <= FEW ? BANDS_OF_FEW : BANDS_OF_MANY,
        [...values, ...centreValues(circle), edges.map((metres) => chordSquared(circle, metres))],
        toBand,
        deadline,
      );
    },
    nearest: async (question, deadline) => {
      for (let metres = FIRST_METRES; ; metres *= WIDER) {
        const circle = circleAround(question.centre, Math.min(metres, question.radiusMetres));
        const values = [...boxValues(circle, question), ...centreValues(circle), question.limit];
        const found = await hub.rows(NEAREST, values, toCustomer, deadline);
        if (found.length === question.limit || metres >= question.radiusMetres) return found;
      }
    },
  };
}

function boxValues({ box }: Circle, { partsOfDegree, clientId, segment }: NearbyQuestion): readonly unknown[] {
  return [box.south, box.north, box.west, box.east, partsOfDegree, clientId ?? null, segment ?? null];
}

function centreValues(circle: Circle): readonly unknown[] {
  return [circle.axis, circle.longitude, circle.height, chordSquared(circle, circle.metres)];
}

function toBand(row: Row): BandTotals {
  return { band: countOf(row, 'band'), customers: countOf(row, 'customers'), revenue: textOf(row, 'revenue') };
}

function toCustomer(row: Row): NearbyCustomer {
  return {
    customerId: countOf(row, 'customer_id'),
    clientId: textOf(row, 'client_id'),
    clientName: textOf(row, 'client_name'),
    segment: textOf(row, 'segment'),
    potential: textOf(row, 'potential'),
    city: textOf(row, 'city'),
    revenue: textOf(row, 'revenue'),
    latitude: Number(textOf(row, 'latitude')),
    longitude: Number(textOf(row, 'longitude')),
  };
}
