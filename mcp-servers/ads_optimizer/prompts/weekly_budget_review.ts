import { LanguageArgument, type Prompt } from '../../../shared/mcp/prompt.ts';

/** Goes through the budgets of a client, or of all, as one does on a Monday: what is off plan, why, and what to move. */
export const weeklyBudgetReview: Prompt = {
  name: 'weekly_budget_review',
  title: 'Weekly budget review',
  description:
    'Reviews spend against plan of a client or of all campaigns: what is off plan, why, and what money to move, with the evidence.',
  arguments: [{ name: 'client', description: 'Name or id of the client; all clients when left out', required: false }, LanguageArgument],
  render: ({ client }, language) => [{ role: 'user', text: (language === 'en' ? english : spanish)(client) }],
};

// Words of a user stand as a JSON text, so that they cannot end their own quotation.
const callOf = (client: string | undefined, more: object): string =>
  JSON.stringify({ ...(client === undefined ? {} : { clientName: client }), ...more });

function spanish(client: string | undefined): string {
  return [
    `Prepare la revisión semanal de presupuestos de ${client === undefined ? 'todas las campañas' : `el cliente ${JSON.stringify(client)}`}.`,
    '',
    'Use las herramientas de PromptSales; no invente cifras:',
    `1. get_campaign_pacing (ads_optimizer) con ${callOf(client, { status: 'active', limit: 10 })}: quién va a gastar de más o de menos, y cuánto dinero está en riesgo.`,
    '2. Para las tres con más dinero en riesgo, get_campaign_pacing con campaignName: en qué canal está la diferencia y qué gasto diario la corrige.',
    '3. find_ad_anomalies (ads_optimizer), últimos 14 días: saltos de gasto, CTR o CPA y conversiones que dejaron de medirse. Si la medición falló, dígalo antes de juzgar resultados.',
    '4. Para las que sigan fuera de plan, recommend_budget (ads_optimizer): qué mover, con qué intervalo y qué supone.',
    '',
    'Escriba: una frase con la situación; una tabla (campaña, plan, pronóstico con intervalo, dinero en riesgo, causa, acción); lo que no se debe tocar y por qué; lo que falta saber.',
    'Si la diferencia cabe dentro del intervalo, recomiende no cambiar nada. No aplique ningún cambio: apply_budget_plan solo después de que la persona lo apruebe.',
    'Diga hasta qué día llegan los datos. Donde no haya datos escriba "sin datos": no es cero.',
  ].join('\n');
}

function english(client: string | undefined): string {
  return [
    `Prepare the weekly budget review of ${client === undefined ? 'all campaigns' : `the client ${JSON.stringify(client)}`}.`,
    '',
    'Use the tools of PromptSales; make up no figures:',
    `1. get_campaign_pacing (ads_optimizer) with ${callOf(client, { status: 'active', limit: 10 })}: which will spend more or less than planned, and how much money is at risk.`,
    '2. For the three with most money at risk, get_campaign_pacing with campaignName: in which channel the difference is, and which daily spend mends it.',
    '3. find_ad_anomalies (ads_optimizer), last 14 days: breaks in spend, CTR or CPA, and conversions that are no longer measured. If tracking failed, say so before judging results.',
    '4. For those still off plan, recommend_budget (ads_optimizer): what to move, with which interval, and what it assumes.',
    '',
    'Write: one sentence with the situation; a table (campaign, plan, forecast with interval, money at risk, cause, action); what should not be touched and why; what is still unknown.',
    'Where the difference fits inside the interval, recommend no change. Apply nothing: apply_budget_plan only after the person has approved it.',
    'Say to which day the data go. Where there are none write "no data": it is not zero.',
  ].join('\n');
}
