import type { Document } from 'mongodb';
import type { Day } from '../domain/calendar_day.ts';
import type { Feature, Reservation } from './content_store.ts';

// What counts uses of plans, as expressions that the server evaluates on the document it has locked: callers at the same moment come one after
// the other. What a caller gave goes in by $literal, so that a text that begins with '$' names no field.

const literal = (value: unknown): Document => ({ $literal: value });
const dayText = (date: unknown): Document => ({ $dateToString: { date, format: '%Y-%m-%d' } });
const monthsOn = (date: unknown, months: unknown): Document => ({ $dateAdd: { startDate: date, unit: 'month', amount: months } });
const whole = (day: Day): Document => literal(new Date(`${day}T00:00:00Z`));

/**
 * The features of a client's active subscriptions as they stand on a day, each with the `place` of its subscription. From resetDate on nothing is
 * used, nothing is reserved, and the next reset is the first one after that day, whole months on. A limit of 0 is a feature the plan does
 * not include.
 */
export function plansOn(today: Day): Document {
  const on = whole(today);
  const months = {
    $add: [{ $multiply: [12, { $subtract: [{ $year: on }, { $year: '$$day' }] }] }, { $subtract: [{ $month: on }, { $month: '$$day' }] }],
  };
  const state = {
    place: '$$place',
    planId: '$$subscription.planId',
    planName: '$$subscription.planName',
    feature: '$$feature.k',
    used: { $cond: [{ $lt: [on, '$$day'] }, '$$feature.v.used', 0] },
    limit: { $ifNull: ['$$feature.v.limit', null] },
    open: { $cond: [{ $lt: [on, '$$day'] }, { $ifNull: ['$$feature.v.open', []] }, []] },
    resetDate: dayText({
      $cond: [
        { $lt: [on, '$$day'] },
        '$$day',
        {
          $cond: [
            { $lt: [on, monthsOn('$$day', '$$months')] },
            monthsOn('$$day', '$$months'),
            monthsOn('$$day', { $add: ['$$months', 1] }),
          ],
        },
      ],
    }),
  };
  const featureState = {
    $let: {
      // It is a text in most documents and a date in some.
      vars: { day: { $dateTrunc: { date: { $toDate: '$$feature.v.resetDate' }, unit: 'day' } } },
      in: { $let: { vars: { months }, in: state } },
    },
  };
  const ofSubscription = {
    $let: {
      vars: { place: '$$this', subscription: { $arrayElemAt: ['$subscriptions', '$$this'] } },
      in: {
        $cond: [
          { $eq: ['$$subscription.status', 'active'] },
          { $map: { input: { $objectToArray: '$$subscription.usageTracking' }, as: 'feature', in: featureState } },
          [],
        ],
      },
    },
  };
  const ofAll = {
    $reduce: { input: { $range: [0, { $size: '$subscriptions' }] }, initialValue: [], in: { $concatArrays: ['$$value', ofSubscription] } },
  };
  return {
    $filter: {
      input: { $cond: [{ $eq: ['$status', 'active'] }, ofAll, []] },
      as: 'plan',
      // null sorts below every number, and is no limit.
      cond: { $or: [{ $eq: ['$$plan.limit', null] }, { $gt: ['$$plan.limit', 0] }] },
    },
  };
}

/** What a client's document tells after a reservation was tried: its status, whether it subscribes at all, and its plans. */
export const plansShown = (today: Day): Document => ({
  _id: 0,
  status: 1,
  subscribed: { $in: ['active', '$subscriptions.status'] },
  plans: plansOn(today),
});

/**
 * Counts `amount` uses on the first plan that includes the feature and has room, unless the reservation is open already; else leaves the document
 * as it is.
 */
export function reservation(asked: { reservationId: string; feature: Feature; amount: number; today: Day }): Document[] {
  const { reservationId, feature, amount, today } = asked;
  const hasRoom = { $or: [{ $eq: ['$$plan.limit', null] }, { $lte: [{ $add: ['$$plan.used', amount] }, '$$plan.limit'] }] };
  const chosen = {
    $let: {
      vars: { asked: { $filter: { input: plansOn(today), as: 'plan', cond: { $eq: ['$$plan.feature', literal(feature)] } } } },
      in: {
        $cond: [
          {
            $anyElementTrue: [
              { $map: { input: '$$asked', as: 'plan', in: { $in: [literal(reservationId), '$$plan.open.reservationId'] } } },
            ],
          },
          null,
          { $ifNull: [{ $first: { $filter: { input: '$$asked', as: 'plan', cond: hasRoom } } }, null] },
        ],
      },
    },
  };
  const usage = `$$subscription.usageTracking.${feature}`;
  const counted = {
    used: { $add: ['$chosen.used', amount] },
    resetDate: {
      $cond: [{ $eq: [{ $type: `${usage}.resetDate` }, 'date'] }, { $toDate: '$chosen.resetDate' }, '$chosen.resetDate'],
    },
    open: { $concatArrays: ['$chosen.open', [{ reservationId: literal(reservationId), amount: literal(amount) }]] },
  };
  return writtenWhere(chosen, feature, usage, counted);
}

/** Closes an open reservation: what is not among the `kept` uses is given back. The document is found by {@link holding}. */
export function settlement({ reservationId, planId, feature }: Reservation, kept: number): Document[] {
  const open = { $ifNull: [`$$subscription.usageTracking.${feature}.open`, []] };
  const entriesAt = (place: unknown): Document => ({
    $let: {
      vars: { subscription: { $arrayElemAt: ['$subscriptions', place] } },
      in: {
        $cond: [
          { $eq: ['$$subscription.planId', literal(planId)] },
          { $filter: { input: open, as: 'entry', cond: { $eq: ['$$entry.reservationId', literal(reservationId)] } } },
          [],
        ],
      },
    },
  });
  const chosen = {
    $let: {
      vars: {
        places: {
          $filter: {
            input: { $range: [0, { $size: '$subscriptions' }] },
            as: 'candidate',
            cond: { $gt: [{ $size: entriesAt('$$candidate') }, 0] },
          },
        },
      },
      in: {
        $cond: [
          { $eq: ['$$places', []] },
          null,
          {
            place: { $first: '$$places' },
            givenBack: {
              $max: [
                0,
                {
                  $subtract: [
                    { $first: { $map: { input: entriesAt({ $first: '$$places' }), as: 'entry', in: '$$entry.amount' } } },
                    Math.max(kept, 0),
                  ],
                },
              ],
            },
          },
        ],
      },
    },
  };
  const usage = `$$subscription.usageTracking.${feature}`;
  return writtenWhere(chosen, feature, usage, {
    used: { $max: [0, { $subtract: [`${usage}.used`, '$chosen.givenBack'] }] },
    open: { $filter: { input: `${usage}.open`, as: 'entry', cond: { $ne: ['$$entry.reservationId', literal(reservationId)] } } },
  });
}

/** The client's document, while the reservation is open in it. */
export function holding({ reservationId, clientId, planId, feature }: Reservation): Document {
  return {
    _id: clientId,
    subscriptions: { $elemMatch: { planId, [`usageTracking.${feature}.open`]: { $elemMatch: { reservationId } } } },
  };
}

/** The stages that write a usage of the subscription at `chosen.place`; where nothing was chosen they leave the document as it is. */
function writtenWhere(chosen: Document, feature: string, usage: string, counted: Document): Document[] {
  const tracking = { $mergeObjects: ['$$subscription.usageTracking', { [feature]: { $mergeObjects: [usage, counted] } }] };
  const written = {
    $map: {
      input: { $range: [0, { $size: '$subscriptions' }] },
      as: 'place',
      in: {
        $let: {
          vars: { subscription: { $arrayElemAt: ['$subscriptions', '$$place'] } },
          in: {
            $cond: [
              { $eq: ['$$place', '$chosen.place'] },
              { $mergeObjects: ['$$subscription', { usageTracking: tracking }] },
              '$$subscription',
            ],
          },
        },
      },
    },
  };
  const isChosen = { $ne: ['$chosen', null] };
  return [
    { $set: { chosen } },
    // updatedAt by the server's clock: a reader without a change stream finds changed documents by it.
    { $set: { subscriptions: { $cond: [isChosen, written, '$subscriptions'] }, updatedAt: { $cond: [isChosen, '$$NOW', '$updatedAt'] } } },
    { $unset: 'chosen' },
  ];
}
