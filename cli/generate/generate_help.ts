/** What `promptsales generate --help` says beside its options. A module of its own: the command's own is loaded when it runs. */
export const GENERATE_HELP = `
The file is CSV in UTF-8, with a header: campaign and population (in words), and where wanted channel, language (es, en), tone and images
(yes, no); or campaña, población, canal, idioma, tono, imágenes. The results are CSV, a line a message. The same command again goes on where
the last one ended, however it ended: what has been written is not paid again.

Exit codes:
  0    every line has its messages
  1    something went wrong that is none of these
  2    the command or the file is wrong; nothing was started
  3    done, but some lines failed: the results file says why, and --retry-failed tries them again
  4    no text model is configured, or Redis does not answer; nothing was queued
  5    the cost was not agreed to: answer yes, or give --yes; nothing was queued
  6    the next line might have cost more than is left of --max-cost
  7    Redis went away
  130  stopped by Ctrl-C; the same command again goes on`;
