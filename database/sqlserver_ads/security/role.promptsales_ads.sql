-- ads_optimizer: reads what is planned, judges plans and carries them out. It writes no table by itself, and reads none.
CREATE ROLE promptsales_ads AUTHORIZATION dbo;
