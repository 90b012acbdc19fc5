/** What is used of snowball-stemmers, which brings no types. */
declare module 'snowball-stemmers' {
  const snowball: { readonly newStemmer: (language: 'spanish' | 'english') => { readonly stem: (word: string) => string } };
  export default snowball;
}
