; The installer of Windows: for one person, without administrator, into AppData\Local\Programs. Made by build_cross.py or by the
; release workflow:  makensis -DVERSION=0.1.0 -DSOURCE=<folder of the program> -DOUT=<setup.exe> -DHOMEPAGE=<address> setup.nsi
; Silent: setup.exe /S, uninstall.exe /S. It leaves a person's own files alone, as every package does.
Unicode true
!ifndef VERSION
  !error "VERSION is not defined"
!endif
Target amd64-unicode
Name "Sidelight"
OutFile "${OUT}"
InstallDir "$LOCALAPPDATA\Programs\Sidelight"
InstallDirRegKey HKCU "Software\Sidelight" "Folder"
RequestExecutionLevel user
SetCompressor /SOLID lzma
ManifestDPIAware true
BrandingText "Sidelight ${VERSION}"
Icon "${ICON}"
UninstallIcon "${ICON}"
VIProductVersion "${VERSION}.0"
VIAddVersionKey "ProductName" "Sidelight"
VIAddVersionKey "FileDescription" "Installer of Sidelight"
VIAddVersionKey "FileVersion" "${VERSION}"
VIAddVersionKey "LegalCopyright" "MIT licence"

!define UNINSTALL "Software\Microsoft\Windows\CurrentVersion\Uninstall\Sidelight"

Page directory
Page instfiles
UninstPage uninstConfirm
UninstPage instfiles

Section "Sidelight"
  SetOutPath "$INSTDIR"
  ; An older version's files must not mix with ours; the folder is ours alone once this key is there.
  ReadRegStr $0 HKCU "Software\Sidelight" "Folder"
  StrCmp $0 "$INSTDIR" 0 +2
    RMDir /r "$INSTDIR\lib"
  File /r "${SOURCE}\*"
  WriteUninstaller "$INSTDIR\uninstall.exe"
  CreateShortCut "$SMPROGRAMS\Sidelight.lnk" "$INSTDIR\sidelight.exe"
  WriteRegStr HKCU "Software\Sidelight" "Folder" "$INSTDIR"
  WriteRegStr HKCU "${UNINSTALL}" "DisplayName" "Sidelight"
  WriteRegStr HKCU "${UNINSTALL}" "DisplayVersion" "${VERSION}"
  WriteRegStr HKCU "${UNINSTALL}" "DisplayIcon" "$INSTDIR\sidelight.exe"
  WriteRegStr HKCU "${UNINSTALL}" "Publisher" "The Sidelight authors"
  WriteRegStr HKCU "${UNINSTALL}" "URLInfoAbout" "${HOMEPAGE}"
  WriteRegStr HKCU "${UNINSTALL}" "UninstallString" '"$INSTDIR\uninstall.exe"'
  WriteRegStr HKCU "${UNINSTALL}" "QuietUninstallString" '"$INSTDIR\uninstall.exe" /S'
  WriteRegDWORD HKCU "${UNINSTALL}" "NoModify" 1
  WriteRegDWORD HKCU "${UNINSTALL}" "NoRepair" 1
SectionEnd

Section "Uninstall"
  ; Only what the installer brought: a folder that a person chose may hold other things.
  RMDir /r "$INSTDIR\lib"
  RMDir /r "$INSTDIR\licences"
  RMDir /r "$INSTDIR\python"
  Delete "$INSTDIR\sidelight.exe"
  Delete "$INSTDIR\sidelight-cli.exe"
  Delete "$INSTDIR\sidelight.cmd"
  Delete "$INSTDIR\sidelight.ico"
  Delete "$INSTDIR\uninstall.exe"
  RMDir "$INSTDIR"
  Delete "$SMPROGRAMS\Sidelight.lnk"
  DeleteRegKey HKCU "${UNINSTALL}"
  DeleteRegKey HKCU "Software\Sidelight"
SectionEnd
