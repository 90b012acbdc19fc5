import { bytesOf, textOf } from '../../../shared/db/row.ts';
import type { SqlDatabase, Statement } from '../../../shared/db/sql_database.ts';
import { addDays, type DayRange } from '../../../shared/domain/calendar_day.ts';
import type { Deadline } from '../../../shared/domain/deadline.ts';
import { type DayStarts, readDayStarts } from '../service/day_starts.ts';

const STARTS = `string_agg(timestamptz_send(d::timestamp AT TIME ZONE $1), ''::bytea ORDER BY d) AS starts`;

const OF_DAYS: Statement = {
  name: 'crm_day_starts',
  text: `SELECT min(d)::date AS first, ${STARTS} FROM generate_series($2::date, $3::date, interval '1 day') d`,
};

const OF_ORDERS: Statement = {
  name: 'crm_day_starts_of_orders',
  text: `
  SELECT min(d)::date AS first, ${STARTS}
    FROM (SELECT min(ordered_at) AT TIME ZONE $1 AS earliest, max(ordered_at) AT TIME ZONE $1 AS latest FROM crm.orders) o,
         generate_series(least(earliest::date, $2::date), greatest(latest::date, $2::date) + 1, interval '1 day') d`,
};

/** The days of a range in a time zone, and the one after it. */
export function dayStarts(hub: SqlDatabase, { from, to }: DayRange, timeZone: string, deadline: Deadline): Promise<DayStarts> {
  return read(hub, OF_DAYS, [timeZone, from, addDays(to, 1)], deadline);
}

/** The days of all orders and of `today`. */
export function dayStartsOfOrders(hub: SqlDatabase, today: string, timeZone: string, deadline: Deadline): Promise<DayStarts> {
  return read(hub, OF_ORDERS, [timeZone, today], deadline);
}

async function read(hub: SqlDatabase, statement: Statement, values: readonly string[], deadline: Deadline): Promise<DayStarts> {
  const [starts] = await hub.rows(statement, values, (row) => readDayStarts(textOf(row, 'first'), bytesOf(row, 'starts')), deadline);
  if (starts === undefined) throw new Error('an aggregate has one row');
  return starts;
}
