import { campaignArgument } from '../../../shared/mcp/campaign_argument.ts';
import { LanguageArgument, type Prompt } from '../../../shared/mcp/prompt.ts';
import { quoted } from './quoted.ts';

/** Gathers what is known of a campaign into a brief that a writer can start from. */
export const campaignBrief: Prompt = {
  name: 'campaign_brief',
  title: 'Brief of a campaign',
  description: 'A one-page brief of a campaign: goal, audience, message, channels that work, images at hand, what to avoid.',
  arguments: [
    campaignArgument('content:read'),
    { name: 'goal', description: 'What the campaign should reach now, in the user’s words', required: false },
    { name: 'audience', description: 'Whom it should reach: "mujeres 18-25 en San José interesadas en yoga"', required: false },
    LanguageArgument,
  ],
  render: ({ campaignName = '', goal, audience }, language) => [
    { role: 'user', text: (language === 'en' ? english : spanish)(campaignName, goal, audience) },
  ],
};

function spanish(campaign: string, goal: string | undefined, audience: string | undefined): string {
  return [
    `Prepare el brief de la campaña ${quoted(campaign)}.`,
    goal === undefined ? '' : `Objetivo, en palabras de quien lo pide: ${quoted(goal)}.`,
    audience === undefined ? '' : `Público, en palabras de quien lo pide: ${quoted(audience)}.`,
    '',
    'Use las herramientas de PromptSales; no invente cifras ni hechos:',
    '1. get_campaign_performance y get_campaign_channels (sales_dashboard): cómo va y qué canales le funcionan.',
    '2. getContent (content_generator), con campaignName: qué imágenes tiene, con sus identificadores.',
    '',
    'Escriba en una página: objetivo; público; mensaje central en una frase; canales, con la cifra que los respalda; tono; imágenes sugeridas con su identificador; qué evitar; lo que falta saber.',
    'Diga de qué fecha son los datos. Donde no haya datos escriba "sin datos": no es cero.',
  ]
    .filter((line, index, lines) => line !== '' || lines[index - 1] !== '')
    .join('\n');
}

function english(campaign: string, goal: string | undefined, audience: string | undefined): string {
  return [
    `Prepare the brief of the campaign ${quoted(campaign)}.`,
    goal === undefined ? '' : `Goal, in the words of who asks: ${quoted(goal)}.`,
    audience === undefined ? '' : `Audience, in the words of who asks: ${quoted(audience)}.`,
    '',
    'Use the tools of PromptSales; make up neither figures nor facts:',
    '1. get_campaign_performance and get_campaign_channels (sales_dashboard): how it does and which channels work for it.',
    '2. getContent (content_generator), with campaignName: which images it has, with their ids.',
    '',
    'Write one page: goal; audience; central message in a sentence; channels, with the figure that supports each; tone; suggested images with their ids; what to avoid; what is still unknown.',
    'Say of which date the data are. Where there are none write "no data": it is not zero.',
  ]
    .filter((line, index, lines) => line !== '' || lines[index - 1] !== '')
    .join('\n');
}
