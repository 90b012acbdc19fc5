/** Whether an address is one of MongoDB. Apart from the driver, which only those load that have one. */
export const isMongoAddress = (address: string): boolean => /^mongodb(\+srv)?:\/\//i.test(address);
