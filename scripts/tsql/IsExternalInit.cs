namespace System.Runtime.CompilerServices;

/// What the compiler needs for records; .NET Framework does not have it.
static class IsExternalInit { }
