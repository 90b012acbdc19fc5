import { LanguageArgument, type Prompt } from '../../../shared/mcp/prompt.ts';

/** Goes through the leads of a client, or of all, as one does on a Monday: what came in, where it gets stuck, what to do. */
export const mondayLeadReview: Prompt = {
  name: 'monday_lead_review',
  title: 'Monday lead review',
  description: 'Reviews the leads of a client or of the company: what came in last week, where leads get stuck, and what to do this week.',
  arguments: [
    { name: 'client', description: 'Name or id of the client; the whole company when left out', required: false },
    LanguageArgument,
  ],
  render: ({ client }, language) => [{ role: 'user', text: (language === 'en' ? english : spanish)(client) }],
};

// Words of a user stand as a JSON text, so that they cannot end their own quotation.
const callOf = (client: string | undefined, more: object): string =>
  JSON.stringify({ ...(client === undefined ? {} : { clientName: client }), ...more });

function spanish(client: string | undefined): string {
  return [
    `Prepare la revisión de leads del lunes de ${client === undefined ? 'toda la empresa' : `el cliente ${JSON.stringify(client)}`}.`,
    '',
    'Use las herramientas de PromptSales (crm_analyzer); no invente cifras:',
    `1. get_lead_metrics con ${callOf(client, { period: 'last week', groupBy: 'source' })}: cuántos entraron, de dónde, cuánto valen y cuánto tardó el primer contacto, contra la semana anterior.`,
    `2. get_lead_metrics con ${callOf(client, { period: 'last 90 days', groupBy: 'campaign' })}: qué campañas traen leads que se califican y cuáles solo cantidad.`,
    `3. get_lead_funnel con ${callOf(client, { period: 'last 90 days' })}: en qué paso se pierden y si es peor de lo usual. Solo llame "peor" a un paso cuyo veredicto es worse; "usual" y "cannot_say" no lo son.`,
    '4. Si un paso es worse, get_lead_funnel con source o campaignName para ver dónde ocurre.',
    `5. rank_customers con ${callOf(client, { metric: 'expected_value', limit: 5 })}: a quién no conviene hacer esperar.`,
    '',
    'Escriba: una frase con la situación; una tabla (fuente o campaña, leads, % calificado, % ganado, valor abierto, cambio); el paso que más pierde con su intervalo y lo usual; tres acciones para esta semana, con responsable y cifra que se vigilará.',
    'Los leads de los últimos días aún no han tenido tiempo de avanzar: no los cuente como pérdida ni compare su conversión con la de meses maduros.',
    'No cambie la etapa de ningún lead: update_lead_stage solo después de que la persona lo apruebe.',
    'Diga hasta qué día llegan los datos. Donde no haya datos escriba "sin datos": no es cero. "<5" es un grupo pequeño que no se desglosa.',
  ].join('\n');
}

function english(client: string | undefined): string {
  return [
    `Prepare the Monday lead review of ${client === undefined ? 'the whole company' : `the client ${JSON.stringify(client)}`}.`,
    '',
    'Use the tools of PromptSales (crm_analyzer); make up no figures:',
    `1. get_lead_metrics with ${callOf(client, { period: 'last week', groupBy: 'source' })}: how many came in, from where, what they are worth and how long the first contact took, against the week before.`,
    `2. get_lead_metrics with ${callOf(client, { period: 'last 90 days', groupBy: 'campaign' })}: which campaigns bring leads that qualify, and which bring numbers only.`,
    `3. get_lead_funnel with ${callOf(client, { period: 'last 90 days' })}: at which step they are lost, and whether that is worse than usual. Call a step worse only where its verdict is worse; "usual" and "cannot_say" are not.`,
    '4. Where a step is worse, get_lead_funnel with source or campaignName, to see where it happens.',
    `5. rank_customers with ${callOf(client, { metric: 'expected_value', limit: 5 })}: who should not be kept waiting.`,
    '',
    'Write: one sentence with the situation; a table (source or campaign, leads, % qualified, % won, open value, change); the step that loses most, with its interval and what is usual; three actions for this week, each with who does it and the figure to watch.',
    'Leads of the last days have not had the time to move on: do not count them as lost, nor hold their conversion against that of mature months.',
    'Change no lead’s stage: update_lead_stage only after the person has approved it.',
    'Say to which day the data go. Where there are none write "no data": it is not zero. "<5" is a small group that is not broken down.',
  ].join('\n');
}
