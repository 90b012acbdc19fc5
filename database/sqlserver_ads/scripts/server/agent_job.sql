-- The Agent job of PromptAds's server: prepares what the ETL reads (etl.prepare) every 11 minutes, as the ETL itself runs. The count begins anew at midnight:
-- 23:50 is followed by 00:00. Two tries more, a minute apart, before a run counts as failed. May be run again.
USE msdb;
GO
IF EXISTS (SELECT 1 FROM msdb.dbo.sysjobs AS j WHERE j.name = N'PromptAds: prepare the ETL')
  EXEC msdb.dbo.sp_delete_job @job_name = N'PromptAds: prepare the ETL', @delete_unused_schedule = 1;
GO
EXEC msdb.dbo.sp_add_job @job_name = N'PromptAds: prepare the ETL', @enabled = 1, @owner_login_name = N'promptsales_agent_service',
  @description = N'Counts what changed since the last run and keeps what the ETL reads in order (etl.prepare).', @notify_level_eventlog = 2;
EXEC msdb.dbo.sp_add_jobstep @job_name = N'PromptAds: prepare the ETL', @step_name = N'prepare', @subsystem = N'TSQL', @database_name = N'PromptAds',
  @command = N'EXEC etl.prepare;', @retry_attempts = 2, @retry_interval = 1, @on_success_action = 1, @on_fail_action = 2;
-- freq_type 4: daily; freq_subday_type 4: minutes.
EXEC msdb.dbo.sp_add_jobschedule @job_name = N'PromptAds: prepare the ETL', @name = N'PromptAds: every 11 minutes', @enabled = 1, @freq_type = 4, @freq_interval = 1,
  @freq_subday_type = 4, @freq_subday_interval = 11, @active_start_time = 000000;
EXEC msdb.dbo.sp_add_jobserver @job_name = N'PromptAds: prepare the ETL', @server_name = N'(local)';
GO
